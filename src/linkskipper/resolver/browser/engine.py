"""Run the steps of a provider in a browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from types import TracebackType
from typing import Self

from playwright.async_api import BrowserContext

from linkskipper.egress import BrowserProxy, FetchLimits, ProxySession
from linkskipper.logs import LibraryLogger
from linkskipper.resolver.browser.chromium import CLOSE_SECONDS, Chromium
from linkskipper.resolver.browser.errors import BROKEN, PageCrashed, TabLost
from linkskipper.resolver.browser.options import BrowserOptions
from linkskipper.resolver.browser.pool import BrowserPool
from linkskipper.resolver.browser.steps import BrowserSteps
from linkskipper.resolver.browser.tab import Tab
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.navigation import Checkpoint, Navigation
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.reasons import REASONS, Reason

_log = LibraryLogger(__name__)
ATTEMPTS = 2
MAX_PAUSED = 3  # attempts of a link that fail while this process stands still
_OF_TIME = frozenset({Reason.TIMEOUT, Reason.UPSTREAM_ERROR, Reason.WAIT_TOO_LONG, Reason.PROVIDER_CHANGED})
"""Reasons for which a link may end because this process stood still."""
MAX_ALONE = 2  # links that are retried at the same time, each in a browser of its own
OPEN_SECONDS = 10  # a browser that takes longer to open an empty page hangs


class BrowserEngine:
    """Resolves links in a browser, each in a new context that is thrown away after it.

    Use it as an async context manager, in one event loop.
    """

    def __init__(self, options: BrowserOptions, proxy: BrowserProxy) -> None:
        self.pool = BrowserPool(options)
        self._proxy = proxy
        self._contexts = asyncio.Semaphore(options.contexts)
        self._contexts_alone = asyncio.Semaphore(min(MAX_ALONE, options.browsers))

    async def __aenter__(self) -> Self:
        await self.pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.pool.__aexit__(kind, error, trace)

    async def run(self, navigation: Navigation) -> None:
        """Run the steps of the current provider. Try again if the browser or the site fails.

        A link that loses its browser may have been harmed by another link. That attempt and its time do not count. From
        then on the link is alone in its browser, and a second loss or a crash of its page ends it.

        Raises:
            Stop: The link ends.
        """
        await self._run(navigation, None)

    async def run_scripts(self, navigation: Navigation) -> None:
        """Show the page that is loaded without requesting it again, and run its scripts. Retry as `run` does.

        Raises:
            Stop: The link ends.
        """
        await self._run(navigation, navigation.page)

    async def _run(self, navigation: Navigation, shown: Page | None) -> None:
        start = navigation.checkpoint()
        alone, failures = False, 0
        while True:
            remaining = navigation.deadline.remaining()
            try:
                await self._attempt_until_no_pause(navigation, shown, start, alone=alone)
            except TabLost as lost:
                _log.warning("browser.broke", host=navigation.url.host, error=str(lost))
                if alone or self.pool.is_closing:
                    raise _crashed() from None
                navigation.deadline.postpone(remaining - navigation.deadline.remaining())
                alone = True
            except PageCrashed as crash:
                _log.warning("browser.broke", host=navigation.url.host, error=str(crash))
                failures += 1
                if alone or failures == ATTEMPTS or self.pool.is_closing:
                    raise _crashed() from None
            except Stop as stop:
                failures += 1
                if failures == ATTEMPTS or self.pool.is_closing or not REASONS[stop.reason].retried:
                    raise
            else:
                return
            navigation.roll_back(start)

    async def _attempt_until_no_pause(
        self, navigation: Navigation, shown: Page | None, start: Checkpoint, *, alone: bool
    ) -> None:
        """Run the steps in a new tab. Repeat an attempt that failed while this process stood still.

        Raises:
            Stop, PageCrashed, TabLost: As `_attempt`.
        """
        for attempt in range(1, MAX_PAUSED + 1):
            lost_before = navigation.deadline.lost
            try:
                await self._attempt(navigation, shown, alone=alone)
            except Stop as stop:
                if navigation.deadline.lost == lost_before or stop.reason not in _OF_TIME or self.pool.is_closing:
                    raise
                if attempt == MAX_PAUSED:
                    raise Stop(stop.reason, stop.detail, service_failed=True) from None
                navigation.roll_back(start)
            else:
                return

    async def _attempt(self, navigation: Navigation, shown: Page | None, *, alone: bool) -> None:
        """Run the steps in a new tab.

        Raises:
            Stop: The link ends.
            PageCrashed: The process of the page ended.
            TabLost: The browser broke.
        """
        waiting_since = monotonic()
        try:
            async with self._contexts_alone if alone else self._contexts:
                navigation.deadline.postpone(monotonic() - waiting_since)
                await self._run_in_tab(navigation, shown, alone=alone)
        except BROKEN as error:
            raise TabLost(str(error).partition("\n")[0]) from None

    async def _run_in_tab(self, navigation: Navigation, shown: Page | None, *, alone: bool) -> None:
        async with (
            self.pool.browser(navigation.deadline, alone=alone) as chromium,
            self._proxy.session(navigation.provider.may_load, chromium.owns_connection) as session,
            _open_tab(chromium, navigation, session, shown) as tab,
        ):
            session.on_overrun = lambda: tab.frame.end(_overrun(navigation))
            navigation.browser_page = tab
            try:
                await _run_steps(tab, navigation)
            finally:
                navigation.browser_page = None


@asynccontextmanager
async def _open_tab(
    chromium: Chromium, navigation: Navigation, session: ProxySession, shown: Page | None
) -> AsyncIterator[Tab]:
    """Open a page in a new context that shares nothing with others."""
    async with _kill_if_hanging(chromium):
        context = await chromium.browser.new_context(
            proxy={"server": session.server}, service_workers="block", accept_downloads=False, no_viewport=True
        )
    try:
        async with _kill_if_hanging(chromium):
            tab = await Tab.open(navigation, context, session, shown)
        chromium.tabs.add(tab)
        try:
            yield tab
        finally:
            chromium.tabs.discard(tab)
            tab.close()
    finally:
        await _close_context(context, chromium)


async def _close_context(context: BrowserContext, chromium: Chromium) -> None:
    """Throw a context away. A browser that cannot do that takes no more links."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await context.close()
    except (TimeoutError, *BROKEN):
        chromium.retire()


@asynccontextmanager
async def _kill_if_hanging(chromium: Chromium) -> AsyncIterator[None]:
    """Kill a browser that does not finish in time.

    Raises:
        TabLost: The browser was killed.
    """
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            yield
    except TimeoutError:
        chromium.kill()
        raise TabLost("the browser hangs") from None
    except BROKEN:
        chromium.kill()
        raise


async def _run_steps(tab: Tab, navigation: Navigation) -> None:
    """Run the steps until they end, the link leaves the provider, or its time is up."""
    browser_steps = BrowserSteps(tab, navigation.provider)
    run = browser_steps.run if tab.shown is None else browser_steps.run_scripts
    steps = asyncio.create_task(run(navigation))
    left = tab.frame.left
    try:
        while not (steps.done() or left.done()) and (seconds := navigation.deadline.remaining()) > 0:
            await asyncio.wait([steps, left], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if left.done():
            left.result()
        elif steps.done():
            steps.result()
        else:
            raise _timeout(tab, navigation)
    finally:
        steps.cancel()
        await asyncio.wait([steps])


def _crashed() -> Stop:
    return Stop(Reason.UPSTREAM_ERROR, "The browser crashed on this link.", service_failed=True)


def _timeout(tab: Tab, navigation: Navigation) -> Stop:
    seconds = tab.frame.unanswered_seconds
    is_unresponsive = seconds >= FetchLimits().fetch_seconds or navigation.deadline.is_large_share(seconds)
    return Stop(Reason.TIMEOUT, f"{navigation.url.host} takes too long.", host_unresponsive=is_unresponsive)


def _overrun(navigation: Navigation) -> Stop:
    return Stop(Reason.BODY_TOO_LARGE, f"{navigation.url.host} sends more data than one link may receive.")
