"""Work that goes on beside everything else."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger()

BEGIN_AGAIN_SECONDS = 1


def supervise(work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
    """A task that does the work until cancelled; a failure is logged, and the work begun again."""

    async def keep() -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("background.failed", retry_seconds=BEGIN_AGAIN_SECONDS)
                await asyncio.sleep(BEGIN_AGAIN_SECONDS)

    return asyncio.create_task(keep())
