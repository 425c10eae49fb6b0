"""Links found and stored, by the SHA-256 of their canonical URL."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from linkskipper.database import Connection, Pool
from linkskipper.database.batch_delete import in_batches
from linkskipper.database.batching import Batcher
from linkskipper.link_cache import queries


async def prune_links(connection: Connection, *, batch: int) -> int:
    """Remove links that are no longer answered from the cache; returns how many."""
    return await in_batches(connection, queries.PRUNE, batch=batch)


class CachedLink(msgspec.Struct, frozen=True):
    """What is known of a link: its target, or None where the shortener has removed it."""

    link: bytes
    url: str
    target_url: str | None
    provider: str
    tier: str


class LinkCache:
    """The cache of resolved and removed links; each kind is remembered for a time of its own."""

    def __init__(self, pool: Pool, *, found_for: timedelta, removed_for: timedelta) -> None:
        self._pool = pool
        self._found_for = found_for
        self._removed_for = removed_for
        self.find = Batcher(self._find)

    async def _find(self, links: list[bytes]) -> list[CachedLink | None]:
        rows = await self._pool.fetch(queries.FIND, links)
        found = {row["link"]: CachedLink(**row) for row in rows}
        return [found.get(link) for link in links]

    async def store(self, connection: Connection, found: Sequence[CachedLink]) -> None:
        """Remember links, inside the caller's transaction."""
        if not found:
            return
        lifetimes = [self._found_for if link.target_url is not None else self._removed_for for link in found]
        await connection.execute(
            queries.STORE,
            [link.link for link in found],
            [link.url for link in found],
            [link.target_url for link in found],
            [link.provider for link in found],
            [link.tier for link in found],
            lifetimes,
        )
