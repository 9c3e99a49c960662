"""Buckets: created, given settings, emptied, deleted."""
