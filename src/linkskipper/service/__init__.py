"""The composition root: it builds the parts from the settings and joins them. Only this room knows all of them."""
