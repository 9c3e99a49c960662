"""Files become objects: one of any size, or many."""
