"""Read provider files: the built-in ones and those of the operator, live."""
