"""Read large pages in processes of their own, so that no page keeps other links waiting."""

from linkskipper.resolver.reader.pool import PageReader

__all__ = ["PageReader"]
