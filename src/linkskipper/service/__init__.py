"""The composition root: builds the parts from the settings and joins them; the only place that knows all of them."""
