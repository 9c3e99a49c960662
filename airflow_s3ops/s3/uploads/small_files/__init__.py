"""Many small files, many requests at once."""
