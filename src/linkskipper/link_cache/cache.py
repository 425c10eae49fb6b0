"""Find and store links by the SHA-256 of their canonical URL."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from linkskipper.database import Connection, Pool
from linkskipper.database.batch_delete import in_batches
from linkskipper.database.batching import batched
from linkskipper.link_cache import queries


class CachedLink(msgspec.Struct, frozen=True):
    """A link in the cache. `target_url` is None if the shortener removed the link."""

    link_hash: bytes
    canonical_url: str
    target_url: str | None
    provider: str
    tier: str


class LinkCache:
    """The cache of resolved and removed links. Each kind has a lifetime of its own."""

    def __init__(self, pool: Pool, *, keep_resolved: timedelta, keep_removed: timedelta) -> None:
        self._pool = pool
        self._keep_resolved = keep_resolved
        self._keep_removed = keep_removed

    @batched()
    async def find(self, link_hashes: list[bytes]) -> list[CachedLink | None]:
        """Find cached links by their hashes. The answer is None for a link that is not cached."""
        rows = await self._pool.fetch(queries.FIND, link_hashes)
        links = {row["link_hash"]: CachedLink(**row) for row in rows}
        return [links.get(link_hash) for link_hash in link_hashes]

    async def store(self, connection: Connection, links: Sequence[CachedLink]) -> None:
        """Store links inside the caller's transaction."""
        if not links:
            return
        lifetimes = [self._keep_resolved if link.target_url is not None else self._keep_removed for link in links]
        await connection.execute(
            queries.STORE,
            [link.link_hash for link in links],
            [link.canonical_url for link in links],
            [link.target_url for link in links],
            [link.provider for link in links],
            [link.tier for link in links],
            lifetimes,
        )


async def forget_links(connection: Connection, link_hashes: Sequence[bytes]) -> None:
    """Delete links inside the caller's transaction, so that they are resolved again."""
    if link_hashes:
        await connection.execute(queries.FORGET, link_hashes)


async def prune_cached_links(connection: Connection, *, batch: int) -> int:
    """Delete expired links, `batch` rows a statement. Return the number deleted."""
    return await in_batches(connection, queries.PRUNE, batch=batch)
