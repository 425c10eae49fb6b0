"""The warm browser: started when a link first needs it, replaced as it ages, mended when it breaks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from types import TracebackType
from typing import Self

from playwright.async_api import BrowserContext

from linkskipper.catalog.provider import MAX_SECONDS
from linkskipper.egress import BrowserProxy, FetchLimits, ProxySession
from linkskipper.logs import library_logger
from linkskipper.resolver.browser.chromium import CLOSE_SECONDS, Chromium
from linkskipper.resolver.browser.errors import BROKEN
from linkskipper.resolver.browser.options import BrowserOptions
from linkskipper.resolver.browser.steps import BrowserSteps
from linkskipper.resolver.browser.tab import Tab, TabLost
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.result import REASONS, Reason

_log = library_logger(__name__)
ATTEMPTS = 2
OPEN_SECONDS = 10  # a browser that has not opened an empty page by then hangs
WATCH_SECONDS = 0.5
RETIRE_AT = 0.75  # of the memory limit
OVERDUE_SECONDS = MAX_SECONDS + 10  # no link is under way for longer


class BrowserEngine:
    """Resolves links in a browser, each in a context of its own that is thrown away after it.

    An async context manager, made and used in one event loop.
    """

    def __init__(self, options: BrowserOptions, proxy: BrowserProxy) -> None:
        self._options = options
        self._proxy = proxy
        self._room = asyncio.Semaphore(options.contexts)
        self._start: asyncio.Task[Chromium | None] | None = None
        self._current: Chromium | None = None
        self._running: set[Chromium] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._closing = False

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._keep_watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        for task in filter(None, (self._watch, self._start)):
            task.cancel()
            await asyncio.wait([task])
        while self._running or self._ending:
            for chromium in list(self._running):
                self._end(chromium)
            await asyncio.wait(self._ending)

    async def run(self, visit: Navigation) -> None:
        """Run the steps of the visit's provider, again where the browser or the site fails; raises Stop."""
        start = visit.bookmark()
        for _ in range(ATTEMPTS - 1):
            try:
                await self._attempt(visit)
            except Stop as stop:
                if self._closing or not REASONS[stop.reason].retried:
                    raise
                visit.roll_back(start)
            else:
                return
        await self._attempt(visit)

    async def _attempt(self, visit: Navigation) -> None:
        came = monotonic()
        try:
            async with self._room:
                visit.deadline.postpone(monotonic() - came)  # a link's time is its own, not that of those before it
                await self._run(visit)
        except (*BROKEN, TabLost) as error:
            _log.warning("browser.broke", url=visit.url.href, error=str(error).partition("\n")[0])
            raise Stop(Reason.UPSTREAM_ERROR, "The browser breaks at it.") from None

    async def _run(self, visit: Navigation) -> None:
        async with (
            self._proxy.session(visit.provider.may_load) as lane,
            self._browser(visit) as chromium,
            _tab(chromium, visit, lane) as tab,
        ):
            lane.on_overrun = lambda: tab.end(_overrun(visit))
            visit.live = tab
            try:
                await _drive(tab, visit)
            finally:
                visit.live = None

    @asynccontextmanager
    async def _browser(self, visit: Navigation) -> AsyncIterator[Chromium]:
        """The browser for one more link; it does not end before that has."""
        chromium = await self._usable(visit)
        chromium.links += 1
        chromium.served += 1
        if chromium.served >= self._options.links:
            chromium.retire()
        try:
            yield chromium
        finally:
            chromium.links -= 1
            if chromium.is_done:
                self._end(chromium)

    async def _usable(self, visit: Navigation) -> Chromium:
        """The current browser, or the one that is coming up for all who wait; raises Stop, at the link's own time."""
        while self._current is None or not self._current.usable:
            if self._closing:
                raise Stop(Reason.UPSTREAM_ERROR, "The browser has been ended.")
            if self._start is None or self._start.done():
                self._start = asyncio.create_task(self._started())
            start = self._start
            await asyncio.wait([start], timeout=max(visit.deadline.remaining(), 0))
            if not start.done():
                raise Stop(Reason.TIMEOUT, "The browser does not start in time.")
            chromium = None if start.cancelled() else start.result()
            if chromium is None:
                raise Stop(Reason.UPSTREAM_ERROR, "The browser does not start.")
            if chromium.retired is None:
                return chromium
        return self._current

    async def _started(self) -> Chromium | None:
        """Start one, whatever becomes of the link that it was first wanted for; None where it does not start."""
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

    def _end(self, chromium: Chromium) -> None:
        """Close it, once."""
        if chromium in self._running:
            self._running.discard(chromium)
            task = asyncio.create_task(chromium.close())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _keep_watch(self) -> None:
        """Replace a browser that grows, kill one that has grown too much or does not come to its end."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for chromium in list(self._running):
                try:
                    await self._look_after(chromium)
                except Exception as error:
                    _log.error("browser.watch_failed", error=str(error), kind=type(error).__name__)

    async def _look_after(self, chromium: Chromium) -> None:
        taken = await asyncio.to_thread(chromium.trim, self._options.memory)
        if taken > self._options.memory or _is_overdue(chromium):
            _log.warning("browser.killed", memory=taken, links=chromium.served)
            chromium.kill()
        elif taken > self._options.memory * RETIRE_AT:
            chromium.retire()
        if chromium.is_done:
            self._end(chromium)


@asynccontextmanager
async def _tab(chromium: Chromium, visit: Navigation, lane: ProxySession) -> AsyncIterator[Tab]:
    """A page in a context of its own, in which nothing is kept and nothing is to be found."""
    async with _or_hangs(chromium):
        context = await chromium.browser.new_context(
            proxy={"server": lane.server}, service_workers="block", accept_downloads=False, no_viewport=True
        )
    try:
        async with _or_hangs(chromium):
            tab = await Tab.open(visit, context, lane)
        chromium.tabs.add(tab)
        try:
            yield tab
        finally:
            chromium.tabs.discard(tab)
            tab.close()
    finally:
        await _close(context, chromium)


async def _close(context: BrowserContext, chromium: Chromium) -> None:
    """Throw a link's context away; a browser that cannot do that is used no more."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await context.close()
    except (TimeoutError, *BROKEN):
        chromium.retire()


@asynccontextmanager
async def _or_hangs(chromium: Chromium) -> AsyncIterator[None]:
    """What a browser must do in time, or be killed; raises TabLost then."""
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            yield
    except TimeoutError:
        chromium.kill()
        raise TabLost("the browser hangs") from None
    except BROKEN:
        chromium.kill()
        raise


async def _drive(tab: Tab, visit: Navigation) -> None:
    """Run the steps until they end, or the link leaves the provider, or its time is up."""
    steps = asyncio.create_task(BrowserSteps(tab, visit.provider).run(visit))
    try:
        await asyncio.wait([steps, tab.left], timeout=visit.deadline.remaining(), return_when=asyncio.FIRST_COMPLETED)
        if tab.left.done():
            tab.left.result()
        elif steps.done():
            steps.result()
        else:
            raise Stop(
                Reason.TIMEOUT, f"{visit.url.host} takes too long.", host_unresponsive=_is_unresponsive(tab, visit)
            )
    finally:
        steps.cancel()
        await asyncio.wait([steps])


def _is_unresponsive(tab: Tab, visit: Navigation) -> bool:
    seconds = tab.unanswered_seconds
    return seconds >= FetchLimits().fetch_seconds or visit.deadline.is_large_share(seconds)


def _overrun(visit: Navigation) -> Stop:
    return Stop(Reason.BODY_TOO_LARGE, f"{visit.url.host} sends more than the limit.")


def _is_overdue(chromium: Chromium) -> bool:
    return chromium.retired is not None and monotonic() - chromium.retired > OVERDUE_SECONDS
