"""Create, configure, empty and delete buckets."""
