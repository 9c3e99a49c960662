"""One object: looked up, linked to, deleted."""
