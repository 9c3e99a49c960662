"""Tests of the hook: the fields of a connection, and their effect."""
