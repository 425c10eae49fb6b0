"""A Chromium without this project's engine around it. It shows where a link leads if nobody touches the page."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, CDPSession, Error, async_playwright

from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load

REST_SECONDS = 0.6  # after a page is loaded, for its scripts
NO_HOSTS: frozenset[str] = frozenset()
DOCUMENTS = {"patterns": [{"resourceType": "Document"}]}


class PlainChromium:
    """Visits links. All names lead to one server, and no page of another host is requested."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def visit(self, link: str, *, hosts: frozenset[str] = NO_HOSTS, rest: float = REST_SECONDS) -> str | None:
        """Return the first URL outside of these hosts and the link's, or None if the page comes to rest."""
        context = await self._browser.new_context(ignore_https_errors=True)
        try:
            page = await context.new_page()
            session = await context.new_cdp_session(page)
            frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
            visit = _Visit(session, frame, hosts | {urlsplit(link).hostname or ""}, rest)
            await session.send("Page.enable")
            await session.send("Fetch.enable", DOCUMENTS)
            return await visit.run(link)
        finally:
            await context.close()


class _Visit:
    """One visit: ends when the main frame leaves the hosts, or has been at rest for a while."""

    def __init__(self, session: CDPSession, frame: str, hosts: frozenset[str], rest: float) -> None:
        self._session = session
        self._frame = frame
        self._hosts = hosts
        self._rest = rest
        self._left: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        session.on("Fetch.requestPaused", self._on_paused)
        session.on("Page.frameStoppedLoading", lambda event: self._restart_timer(event["frameId"]))

    async def run(self, link: str) -> str | None:
        """Open the link, and wait for the end."""
        self._send("Page.navigate", {"url": link})
        try:
            return await self._left
        finally:
            for task in self._tasks:
                task.cancel()

    def _on_paused(self, event: dict[str, Any]) -> None:
        request = event["request"]
        is_main = event["frameId"] == self._frame
        if urlsplit(request["url"]).hostname in self._hosts:
            self._send("Fetch.continueRequest", {"requestId": event["requestId"]})
            return
        if is_main:
            self._end(request["url"] + request.get("urlFragment", ""))
        self._send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "Aborted"})

    def _restart_timer(self, frame: str) -> None:
        if frame == self._frame:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(self._rest, self._end, None)

    def _end(self, url: str | None) -> None:
        if not self._left.done():
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
