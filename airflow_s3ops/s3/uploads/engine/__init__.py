"""One file becomes one object, in one request or in parts."""
