"""The owner of the reader processes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from linkskipper.logs import LibraryLogger
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.reader.messages import PageData, Question
from linkskipper.resolver.reader.process import ReaderLost, ReaderProcess, Reading
from linkskipper.resolver.reasons import Reason

P = ParamSpec("P")
T = TypeVar("T")

_log = LibraryLogger(__name__)
PROCESSES = 2
"""One page that takes long leaves a reader to the others."""


class PageReader:
    """Calls functions with large pages in other processes. They start with the first page, and end with the context.

    Use it as an async context manager, in one event loop.
    """

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(PROCESSES)
        self._idle: list[ReaderProcess] = []
        self._ending: set[asyncio.Task[int]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._idle:
            self._end(self._idle.pop())
        if self._ending:
            await asyncio.wait(self._ending)

    async def call(
        self, function: Callable[Concatenate[Page, P], T], page: Page, seconds: float, *args: P.args, **kwargs: P.kwargs
    ) -> Reading:
        """Call a function of a module with a page. It may take this much processor time.

        Raises:
            Stop: The function raised it, the page takes too long or too much memory, or the reader was lost.
        """
        async with self._turns, self._process_for(page) as process:
            data = None if process.has(page) else PageData.of(page)
            reading = await process.ask(Question(function, data, args, kwargs, seconds), page)
        if isinstance(reading.result, Stop):
            raise reading.result
        return reading

    @asynccontextmanager
    async def _process_for(self, page: Page) -> AsyncIterator[ReaderProcess]:
        """Use a process for one question, the one that has the page if possible. Kill it if it does not answer."""
        process = next((process for process in self._idle if process.has(page)), None)
        process = process or (self._idle[-1] if self._idle else None)
        if process is None:
            process = await _start()
        else:
            self._idle.remove(process)
        try:
            yield process
        except ReaderLost as lost:
            self._end(process)
            raise _stop(page, lost) from None
        except BaseException:
            self._end(process)
            raise
        self._idle.append(process)

    def _end(self, process: ReaderProcess) -> None:
        process.kill()
        task = asyncio.create_task(process.wait())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _start() -> ReaderProcess:
    try:
        return await ReaderProcess.start()
    except OSError as error:
        _log.error("reader.not_started", error=str(error))
        detail = "The process that reads pages did not start."
        raise Stop(Reason.UPSTREAM_ERROR, detail, service_failed=True) from None


def _stop(page: Page, lost: ReaderLost) -> Stop:
    _log.warning("reader.lost", host=page.url.host, code=lost.code)
    if lost.is_exhausted:
        return Stop(Reason.BODY_TOO_LARGE, f"{page.url.host} sent a page that takes too long to read.")
    detail = f"The process that read the page of {page.url.host} ended."
    return Stop(Reason.UPSTREAM_ERROR, detail, service_failed=True)
