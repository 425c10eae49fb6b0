"""The link cache: the targets of resolved links, and the links that their shorteners removed."""

from linkskipper.link_cache.cache import CachedLink, LinkCache, forget_links, prune_cached_links

__all__ = ["CachedLink", "LinkCache", "forget_links", "prune_cached_links"]
