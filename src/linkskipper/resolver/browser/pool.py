"""The running browsers: started when links first need them, replaced as they age, and killed when they break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from types import TracebackType
from typing import Self

from linkskipper.catalog.provider import MAX_SECONDS
from linkskipper.logs import LibraryLogger
from linkskipper.resolver.browser.chromium import Chromium
from linkskipper.resolver.browser.home import delete_abandoned_homes
from linkskipper.resolver.browser.options import BrowserOptions
from linkskipper.resolver.browser.user import find_user
from linkskipper.resolver.deadline import Deadline
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.reasons import Reason

_log = LibraryLogger(__name__)
WATCH_SECONDS = 0.5
RETIRE_AT = 0.75  # of the memory limit
IDLE_SECONDS = 60  # after which a browser is closed if another one is idle too
OVERDUE_SECONDS = MAX_SECONDS + 10  # no link takes longer


class _Slot:
    """A browser from the moment that its start begins, and the number of links that wait for it or are open in it."""

    def __init__(self, start: asyncio.Task[Chromium | None]) -> None:
        self.start = start
        self.links = 0

    @property
    def is_open(self) -> bool:
        """Whether links may be sent to it."""
        if not self.start.done():
            return True
        chromium = None if self.start.cancelled() else self.start.result()
        return chromium is not None and chromium.is_usable


class BrowserPool:
    """Divides links among a few browsers, so that a page that breaks its browser affects few other links.

    Use it as an async context manager, in one event loop.
    """

    def __init__(self, options: BrowserOptions) -> None:
        self.is_closing = False
        self._options = options
        self._slots: list[_Slot] = []
        self._running: set[Chromium] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(delete_abandoned_homes, find_user())
        self._watch = asyncio.create_task(self._run_watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_closing = True
        for task in filter(None, (self._watch, *(slot.start for slot in self._slots))):
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
    async def browser(self, deadline: Deadline, *, alone: bool = False) -> AsyncIterator[Chromium]:
        """Use a browser for one more link. It is not closed before the link has ended.

        A link that is `alone` gets a browser that takes no other link.

        Raises:
            Stop: No browser started in time.
        """
        slot = self._slot(alone=alone)
        slot.links += 1
        try:
            chromium = await self._started(slot, deadline)
            chromium.links += 1
            chromium.served += 1
            if alone or chromium.served >= self._options.links:
                chromium.retire()
            try:
                yield chromium
            finally:
                chromium.links -= 1
                chromium.idle_since = monotonic()
                if chromium.is_done:
                    self._close(chromium)
        finally:
            slot.links -= 1

    def _slot(self, *, alone: bool) -> _Slot:
        """Return the first browser that has room, or begin to start one."""
        self._slots = [slot for slot in self._slots if slot.is_open]
        room = self._options.links_together
        if not alone and (slot := next((slot for slot in self._slots if slot.links < room), None)) is not None:
            return slot
        if self.is_closing:
            raise Stop(Reason.UPSTREAM_ERROR, "The browser was stopped.", service_failed=True)
        slot = _Slot(asyncio.create_task(self._start_browser()))
        if alone:
            slot.links = room  # others find no room in it
        self._slots.append(slot)
        return slot

    async def _started(self, slot: _Slot, deadline: Deadline) -> Chromium:
        """Wait for a browser. The start continues for other links if this link's time ends first."""
        while not slot.start.done() and (seconds := deadline.remaining()) > 0:
            await asyncio.wait([slot.start], timeout=seconds)
        if not slot.start.done():
            raise Stop(Reason.TIMEOUT, "The browser did not start in time.")
        chromium = None if slot.start.cancelled() else slot.start.result()
        if chromium is None or self.is_closing:
            raise Stop(Reason.UPSTREAM_ERROR, "The browser did not start.", service_failed=True)
        return chromium

    async def _start_browser(self) -> Chromium | None:
        """Start a browser. Return None if it does not start."""
        try:
            chromium = await Chromium.start(self._options)
        except Exception as error:
            _log.error(
                "browser.not_started",
                executable=str(self._options.executable),
                error=str(error) or type(error).__name__,
            )
            return None
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
            memory: dict[Chromium, int] = {}
            for chromium in list(self._running):
                try:
                    memory[chromium] = await self._check(chromium)
                except Exception as error:
                    _log.error("browser.watch_failed", error=str(error), kind=type(error).__name__)
            if sum(memory.values()) > self._options.memory:
                largest = max(memory, key=lambda chromium: memory[chromium])
                self._kill(largest, memory[largest])
            self._close_idle()

    async def _check(self, chromium: Chromium) -> int:
        """Return the memory of a browser. Retire one that grows. Kill one that is too large or overdue, or lost its
        driver.
        """
        limit = self._options.browser_memory
        memory = await asyncio.to_thread(chromium.trim, self._options.page_memory)
        if memory > limit or _is_overdue(chromium) or not chromium.has_driver:
            self._kill(chromium, memory)
            return 0
        if memory > limit * RETIRE_AT:
            chromium.retire()
        if chromium.is_done:
            self._close(chromium)
        return memory

    def _kill(self, chromium: Chromium, memory: int) -> None:
        _log.warning("browser.killed", memory=memory, links=chromium.served)
        chromium.kill()
        if chromium.is_done:
            self._close(chromium)

    def _close_idle(self) -> None:
        """Close browsers that have been idle for long, except for one."""
        idle = [chromium for chromium in self._running if chromium.is_usable and not chromium.links]
        idle.sort(key=lambda chromium: chromium.idle_since)
        for chromium in idle[:-1]:
            if monotonic() - chromium.idle_since > IDLE_SECONDS:
                chromium.retire()
                self._close(chromium)


def _is_overdue(chromium: Chromium) -> bool:
    return chromium.retired_at is not None and monotonic() - chromium.retired_at > OVERDUE_SECONDS
