"""Many files to one bucket: what they are, the two roads they take, and what became of them."""
