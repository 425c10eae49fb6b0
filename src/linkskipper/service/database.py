"""Provide the database and its pool."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

from linkskipper.database import EmbeddedServer, Pool, open_pool
from linkskipper.database.schema import require_current
from linkskipper.link_cache import LinkCache
from linkskipper.settings import Settings


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Provide the URL of the database itself: that of the settings, or of the embedded server, which runs meanwhile.

    The URL does not lead through PgBouncer.

    Raises:
        DataDirError, DatabaseError: the embedded server cannot run there.
    """
    if settings.database_url is not None:
        yield settings.database_direct_url or settings.database_url
        return
    with EmbeddedServer(settings.data_dir).running() as url:
        yield url


async def shared_pool(settings: Settings, url: str, **options: Any) -> Pool:
    """Open a pool to the database at a URL, but through PgBouncer if the settings say so. Options as of open_pool.

    Raises:
        DatabaseError: the database cannot be reached.
    """
    if settings.database_url is None or settings.database_direct_url is None:
        return await open_pool(url, **options)
    return await open_pool(settings.database_url, through_pgbouncer=True, **options)


@asynccontextmanager
async def checked_pool(settings: Settings, url: str) -> AsyncIterator[Pool]:
    """Provide a pool for a database with the schema of this version.

    Raises:
        DatabaseError: the database cannot be reached.
        SchemaError: the schema is older or newer.
    """
    pool = await shared_pool(settings, url, size=settings.database_pool)
    try:
        async with pool.acquire() as connection:
            await require_current(connection)
        yield pool
    finally:
        pool.terminate()


def link_cache(settings: Settings, pool: Pool) -> LinkCache:
    """Return the cache of links with the lifetimes of the settings."""
    return LinkCache(
        pool, keep_resolved=timedelta(days=settings.cache_days), keep_removed=timedelta(days=settings.removed_days)
    )
