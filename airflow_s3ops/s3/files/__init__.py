"""Local files: one that is read, many that are found, and how many workers share them."""
