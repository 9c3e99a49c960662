"""Tests of the scripts behind `make demo` and `make ui`, run as a user runs them."""
