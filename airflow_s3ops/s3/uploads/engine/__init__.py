"""Upload one file as one object, in one request or in parts."""
