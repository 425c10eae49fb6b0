"""The running browser: started when a link first needs it, replaced as it ages, and killed when it breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from types import TracebackType
from typing import Self

from linkskipper.catalog.provider import MAX_SECONDS
from linkskipper.logs import LibraryLogger
from linkskipper.resolver.browser.chromium import Chromium
from linkskipper.resolver.browser.options import BrowserOptions
from linkskipper.resolver.deadline import Deadline
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.reasons import Reason

_log = LibraryLogger(__name__)
WATCH_SECONDS = 0.5
RETIRE_AT = 0.75  # of the memory limit
OVERDUE_SECONDS = MAX_SECONDS + 10  # no link takes longer


class BrowserPool:
    """Keeps one browser for new links, and those before it until their links have ended.

    Use it as an async context manager, in one event loop.
    """

    def __init__(self, options: BrowserOptions) -> None:
        self.is_closing = False
        self._options = options
        self._start: asyncio.Task[Chromium | None] | None = None
        self._current: Chromium | None = None
        self._running: set[Chromium] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._run_watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_closing = True
        for task in filter(None, (self._watch, self._start)):
            task.cancel()
            await asyncio.wait([task])
        while self._running or self._closing:
            for chromium in list(self._running):
                self._close(chromium)
            await asyncio.wait(self._closing)

    @property
    def running(self) -> frozenset[Chromium]:
        """The browsers that have not been closed yet."""
        return frozenset(self._running)

    @asynccontextmanager
    async def browser(self, deadline: Deadline) -> AsyncIterator[Chromium]:
        """Use the browser for one more link. It is not closed before the link has ended.

        Raises:
            Stop: No browser started in time.
        """
        chromium = await self._usable(deadline)
        chromium.links += 1
        chromium.served += 1
        if chromium.served >= self._options.links:
            chromium.retire()
        try:
            yield chromium
        finally:
            chromium.links -= 1
            if chromium.is_done:
                self._close(chromium)

    async def _usable(self, deadline: Deadline) -> Chromium:
        """Return the current browser, or wait for the one that is starting for all links."""
        while self._current is None or not self._current.is_usable:
            if self.is_closing:
                raise Stop(Reason.UPSTREAM_ERROR, "The browser was stopped.", service_failed=True)
            if self._start is None or self._start.done():
                self._start = asyncio.create_task(self._start_browser())
            start = self._start
            await asyncio.wait([start], timeout=max(deadline.remaining(), 0))
            if not start.done():
                raise Stop(Reason.TIMEOUT, "The browser did not start in time.")
            chromium = None if start.cancelled() else start.result()
            if chromium is None:
                raise Stop(Reason.UPSTREAM_ERROR, "The browser did not start.", service_failed=True)
            if chromium.retired_at is None:
                return chromium
        return self._current

    async def _start_browser(self) -> Chromium | None:
        """Start a browser, even if the link that needs it ends first. Return None if it does not start."""
        try:
            chromium = await Chromium.start(self._options)
        except Exception as error:
            _log.error(
                "browser.not_started",
                executable=str(self._options.executable),
                error=str(error) or type(error).__name__,
            )
            return None
        self._current = chromium
        self._running.add(chromium)
        return chromium

    def _close(self, chromium: Chromium) -> None:
        """Close a browser, once."""
        if chromium in self._running:
            self._running.discard(chromium)
            task = asyncio.create_task(chromium.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _run_watch(self) -> None:
        """Check the memory and the age of all browsers at intervals."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for chromium in list(self._running):
                try:
                    await self._check(chromium)
                except Exception as error:
                    _log.error("browser.watch_failed", error=str(error), kind=type(error).__name__)

    async def _check(self, chromium: Chromium) -> None:
        """Retire a browser that grows. Kill one that has grown too much, or that does not end."""
        memory = await asyncio.to_thread(chromium.trim, self._options.memory)
        if memory > self._options.memory or _is_overdue(chromium):
            _log.warning("browser.killed", memory=memory, links=chromium.served)
            chromium.kill()
        elif memory > self._options.memory * RETIRE_AT:
            chromium.retire()
        if chromium.is_done:
            self._close(chromium)


def _is_overdue(chromium: Chromium) -> bool:
    return chromium.retired_at is not None and monotonic() - chromium.retired_at > OVERDUE_SECONDS
