"""The browser's filtering proxy."""
