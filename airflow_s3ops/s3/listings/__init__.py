"""S3's listings: asked for a page at a time, ahead of their use, and read in one pass."""
