"""Provide the database and its pool."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from linkskipper.database import EmbeddedServer, Pool, open_pool
from linkskipper.database.schema import require_current
from linkskipper.link_cache import LinkCache
from linkskipper.settings import Settings


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Provide the URL of the database: the one of the settings, or that of the embedded server, which runs meanwhile.

    Raises:
        DataDirError, DatabaseError: the embedded server cannot run there.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedServer(settings.data_dir).running() as url:
        yield url


@asynccontextmanager
async def checked_pool(settings: Settings, url: str) -> AsyncIterator[Pool]:
    """Provide a pool for a database with the schema of this version.

    Raises:
        DatabaseError: the database cannot be reached.
        SchemaError: the schema is older or newer.
    """
    pool = await open_pool(url, size=settings.database_pool)
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
