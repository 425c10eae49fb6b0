"""Check provider files for mistakes that the schema cannot see."""
