"""The cache: where links lead, and which ones their shorteners have removed."""

from linkskipper.link_cache.cache import CachedLink, LinkCache, prune_links

__all__ = ["CachedLink", "LinkCache", "prune_links"]
