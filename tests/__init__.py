"""The tests; a package, so that they share `tests.servers` and `tests.faults` by name."""
