"""What the package gives to the tests of its users."""
