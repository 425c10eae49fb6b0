"""The database, and what keeps it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from linkskipper.database import EmbeddedServer, Pool, open_pool
from linkskipper.database.schema import require_current
from linkskipper.link_cache import LinkCache
from linkskipper.settings import Settings


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the database: the one that is set, or the embedded server's, which runs meanwhile.

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
    """A pool on a database whose schema is this version's.

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
    """The cache of links, with the lifetimes that are set."""
    return LinkCache(
        pool, keep_resolved=timedelta(days=settings.cache_days), keep_removed=timedelta(days=settings.removed_days)
    )
