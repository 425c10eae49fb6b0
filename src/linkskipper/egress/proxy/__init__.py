"""The filtering proxy that is the browser's only way out."""
