"""Waiting for a database that is away: what was done outside must not be lost because it cannot be written down."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from linkskipper.errors import DatabaseUnavailable

log = structlog.get_logger()

RETRY_SECONDS = 1

T = TypeVar("T")


async def until_available(call: Callable[[], Awaitable[T]], *, abandoned: asyncio.Event) -> T:
    """Repeat a call until the database answers, or, once abandoned is set, raise what kept it away."""
    while True:
        try:
            return await call()
        except DatabaseUnavailable as error:
            if abandoned.is_set():
                raise
            log.warning("database.unavailable", error=str(error), retry_seconds=RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)
