"""The version of this package, the same as sdks/VERSION."""

__version__ = "0.1.0"
