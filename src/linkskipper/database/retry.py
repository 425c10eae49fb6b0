"""Repeat calls while the database is unavailable, because their results must not be lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog

from linkskipper.errors import DatabaseUnavailable

log = structlog.get_logger()

RETRY_SECONDS = 1

T = TypeVar("T")


async def until_available(call: Callable[[], Awaitable[T]], *, abandoned: asyncio.Event) -> T:
    """Repeat a call until the database answers. Repeat it at once if the database rolled it back in a deadlock.

    Raises:
        DatabaseUnavailable: the database does not answer, and `abandoned` is set.
    """
    while True:
        try:
            return await call()
        except asyncpg.DeadlockDetectedError as error:
            log.warning("database.deadlock", error=str(error))
        except DatabaseUnavailable as error:
            if abandoned.is_set():
                raise
            log.warning("database.unavailable", error=str(error), retry_seconds=RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)
