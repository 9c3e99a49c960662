"""What is done to buckets: made, set up, looked at, emptied, deleted."""
