"""Manifests are joined."""
