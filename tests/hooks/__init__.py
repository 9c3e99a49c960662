"""Tests of the hook: what a connection can say, and what comes of it."""
