"""Delete many keys."""
