"""Work that a process repeats until it stops."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import msgspec
import structlog

from linkskipper.errors import DatabaseUnavailable

log = structlog.get_logger()


class Periodic(msgspec.Struct, frozen=True):
    """Work to do after `first` seconds, and again `every` seconds after it ended, or sooner when `wake` is set.

    A failure is logged under `name`, and the work goes on with its next turn.
    """

    name: str
    work: Callable[[], Awaitable[object]]
    every: float
    wake: asyncio.Event | None = None
    first: float = 0

    def start(self) -> asyncio.Task[None]:
        """Begin in a task, which runs until it is cancelled."""
        return asyncio.create_task(self._run(), name=self.name)

    async def _run(self) -> None:
        await asyncio.sleep(self.first)
        while True:
            try:
                await self.work()
            except DatabaseUnavailable as error:
                log.warning("periodic.postponed", work=self.name, error=str(error), retry_seconds=self.every)
            except Exception:
                log.exception("periodic.failed", work=self.name, retry_seconds=self.every)
            await self._rest()

    async def _rest(self) -> None:
        if self.wake is None:
            await asyncio.sleep(self.every)
            return
        try:
            async with asyncio.timeout(self.every):
                await self.wake.wait()
        except TimeoutError:
            return
        self.wake.clear()


async def cancel_all(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks of `Periodic.start`, and wait until what they interrupt is undone."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
