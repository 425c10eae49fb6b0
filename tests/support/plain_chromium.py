"""A Chromium without this project's engine around it. It shows where a link leads if nobody touches the page."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, CDPSession, Error, Page, async_playwright

from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load

REST_SECONDS = 0.6  # after a page is loaded, for its scripts
MAX_LOADS = 20  # of a page that loads itself or another one without an end
CLEAR_SECONDS = 10  # a tab that does not leave its page in this time is closed
NO_HOSTS: frozenset[str] = frozenset()
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
DOCUMENTS = {"patterns": [{"resourceType": "Document"}]}
BLANK = "about:blank"


class PlainChromium:
    """Visits links. All names lead to one server, and no page of another host is requested."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: list[_Tab] = []

    async def visit_alone(
        self,
        link: str,
        *,
        hosts: frozenset[str] = NO_HOSTS,
        rest: float = REST_SECONDS,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> str | None:
        """Return the first URL outside of these hosts and the link's, or None if the page comes to rest.

        The headers are sent with each request. The visit shares no cookies and no storage with others.
        """
        context = await self._browser.new_context(ignore_https_errors=True, extra_http_headers=dict(headers))
        try:
            tab = await _Tab.open(context)
            return await tab.visit(link, hosts, rest)
        finally:
            await context.close()

    async def visit(self, link: str, *, rest: float = REST_SECONDS) -> str | None:
        """Do the same in a tab that visited other links before. It is much faster, for pages that store nothing."""
        # Tabs of one context would wait for each other: a URL has one entry in their cache, used or not.
        tab = self._idle.pop() if self._idle else await _Tab.open(await self._browser.new_context())
        end = await tab.visit(link, NO_HOSTS, rest)
        if await tab.clear():
            self._idle.append(tab)
        else:
            await tab.close()
        return end


class _Tab:
    """Visits one link after the other. A visit ends when the main frame leaves the hosts, or has been at rest."""

    def __init__(self, page: Page, session: CDPSession, frame: str) -> None:
        self._page = page
        self._session = session
        self._frame = frame
        self._hosts = NO_HOSTS
        self._rest = 0.0
        self._left: asyncio.Future[str | None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_blank = True
        self._loads = 0
        self._is_clear = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        session.on("Fetch.requestPaused", self._on_paused)
        session.on("Page.frameNavigated", lambda event: self._on_navigated(event["frame"]))
        session.on("Page.frameStoppedLoading", lambda event: self._on_stopped(event["frameId"]))

    @classmethod
    async def open(cls, context: BrowserContext) -> Self:
        """Open a tab."""
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        tab = cls(page, session, frame)
        await session.send("Page.enable")
        await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        await session.send("Fetch.enable", DOCUMENTS)
        return tab

    async def visit(self, link: str, hosts: frozenset[str], rest: float) -> str | None:
        """Open the link, and wait for the end."""
        self._hosts, self._rest = hosts | {urlsplit(link).hostname or ""}, rest
        self._left, self._loads = asyncio.get_running_loop().create_future(), 0
        self._send("Page.navigate", {"url": link})
        try:
            return await self._left
        finally:
            self._left = None
            if self._timer is not None:
                self._timer.cancel()

    async def clear(self) -> bool:
        """Leave the page. Return whether it is gone, so that nothing of it can happen any more."""
        self._is_blank = False
        self._is_clear.clear()
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(CLEAR_SECONDS):
                await self._session.send("Page.navigate", {"url": BLANK})
                await self._is_clear.wait()
        return self._is_clear.is_set()

    async def close(self) -> None:
        """Close the tab."""
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(Error):
            await self._page.context.close()

    def _on_paused(self, event: dict[str, Any]) -> None:
        request = event["request"]
        is_main = event["frameId"] == self._frame
        if self._left is not None and urlsplit(request["url"]).hostname in self._hosts:
            if is_main and self._timer is not None:
                self._timer.cancel()  # until the next page is there
            self._send("Fetch.continueRequest", {"requestId": event["requestId"]})
            return
        if is_main:
            self._end(request["url"] + request.get("urlFragment", ""))
        # A frame that fails fires its events. One that is aborted fires none.
        reason = "Aborted" if is_main else "ConnectionFailed"
        self._send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": reason})

    def _on_navigated(self, frame: dict[str, Any]) -> None:
        if frame["id"] != self._frame:
            return
        self._is_blank = frame["url"] == BLANK
        self._loads += 1
        if self._loads > MAX_LOADS:
            self._end(None)

    def _on_stopped(self, frame: str) -> None:
        if frame != self._frame:
            return
        if self._left is None:
            if self._is_blank:
                self._is_clear.set()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._rest, self._end, None)

    def _end(self, url: str | None) -> None:
        if self._left is not None and not self._left.done():
            self._left.set_result(url)

    def _send(self, command: str, parameters: dict[str, Any]) -> None:
        async def send() -> None:
            with contextlib.suppress(Error):
                await self._session.send(command, parameters)

        task = asyncio.create_task(send())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def run_plain_chromium(*, http: int, https: int) -> AsyncIterator[PlainChromium]:
    """Start a Chromium for which every host is on these ports of the loopback address."""
    executable = find_browser(load().browser)
    assert executable is not None, "make test installs a Chromium (tools/test_programs.py)"
    rules = f"MAP *:80 127.0.0.1:{http} , MAP *:443 127.0.0.1:{https}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=[f"--host-resolver-rules={rules}", "--no-sandbox"]
        )
        try:
            yield PlainChromium(browser)
        finally:
            await browser.close()
