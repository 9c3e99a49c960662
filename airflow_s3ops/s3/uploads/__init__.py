"""Upload files as objects: one file of any size, or many files."""
