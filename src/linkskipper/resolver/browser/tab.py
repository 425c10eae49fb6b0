"""A page in the browser that one link is resolved with."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from msgspec.structs import replace
from playwright.async_api import BrowserContext, CDPSession, Error
from playwright.async_api import Page as PlaywrightPage

from linkskipper.egress import ProxySession
from linkskipper.resolver.browser.dom import Dom
from linkskipper.resolver.browser.errors import BROKEN, PageCrashed
from linkskipper.resolver.browser.main_frame import MainFrame
from linkskipper.resolver.browser.traffic import cookie_params, fulfilment, patterns, read_paused
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.reasons import Reason

MAX_POPUPS = 20
MAX_REQUESTS = 2000  # of all frames and windows of a link, blocked ones included


class Tab:
    """A page that reads and acts for one navigation.

    Attributes:
        dom: The elements of the page.
        frame: The main frame, which says what the page loads and when the link leaves the provider.
        shown: A page that is loaded already, which the first request is answered with, or None.
    """

    def __init__(
        self,
        navigation: Navigation,
        page: PlaywrightPage,
        session: CDPSession,
        frame: MainFrame,
        shown: Page | None,
    ) -> None:
        self.dom = Dom(session, frame.id)
        self.frame = frame
        self.shown = shown
        self._is_shown = shown is None
        self._page = page
        self._navigation = navigation
        self._session = session
        self._popups = 0
        self._requests = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls, navigation: Navigation, context: BrowserContext, session: ProxySession, shown: Page | None
    ) -> "Tab":
        """Open a page with the cookies of the link, and intercept its requests. It loads nothing yet."""
        page = await context.new_page()
        cdp = await context.new_cdp_session(page)
        frame_id = (await cdp.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        tab = cls(navigation, page, cdp, MainFrame(frame_id, navigation, session), shown)
        tab._listen(context)
        for cookie in cookie_params(navigation.cookies):
            with contextlib.suppress(Error):  # Chromium does not accept it
                await cdp.send("Network.setCookie", cookie)
        fetch = patterns(media=navigation.provider.browser.media)
        await asyncio.gather(cdp.send("Page.enable"), cdp.send("Fetch.enable", fetch))
        return tab

    @property
    def url(self) -> str:
        """The URL that the page shows."""
        return self._page.url

    def close(self) -> None:
        """Cancel the commands that are in progress. The caller closes the context."""
        for task in self._tasks:
            task.cancel()
        left = self.frame.left
        if not left.cancel() and not left.cancelled():
            left.exception()  # so that asyncio does not report it as never retrieved

    async def read(self) -> Page:
        """Return the page as it is now. Open the link's URL first if the browser is elsewhere.

        Raises:
            Stop: The page is too large, or the URL is a download.
        """
        if self.frame.is_elsewhere:
            await self._open_url()
        await self.frame.ready.wait()
        documents = await self.dom.read()
        response = self.frame.response
        if response is None or documents is None:
            raise Stop(Reason.BODY_TOO_LARGE, f"The page of {self._navigation.url.host} is over the size limit.")
        pages = [Page(replace(response, body=html.encode(errors="replace"), charset="utf-8")) for html in documents]
        pages[0].frames = pages[1:]
        return pages[0]

    async def click(self, x: float, y: float) -> None:
        """Click at a point of the visible page, as a mouse does."""
        point, button = {"x": x, "y": y}, {"button": "left", "clickCount": 1}
        events: tuple[dict[str, Any], ...] = (
            {"type": "mouseMoved", **point},
            {"type": "mousePressed", **point, **button},
            {"type": "mouseReleased", **point, **button},
        )
        await asyncio.gather(*(self._session.send("Input.dispatchMouseEvent", event) for event in events))

    async def _open_url(self) -> None:
        url = self._navigation.url
        self.frame.expect(url.href)
        command = {"url": url.href}
        if self.frame.current:
            command |= {"referrer": self.frame.current, "referrerPolicy": "strictOriginWhenCrossOrigin"}
        result = await self._session.send("Page.navigate", command)
        if result.get("isDownload"):
            raise Stop(Reason.NO_DESTINATION, f"{url.host} answers with a download.")

    def _listen(self, context: BrowserContext) -> None:
        self._session.on("Fetch.requestPaused", self._on_paused)
        self._session.on("Page.frameRequestedNavigation", self._on_requested)
        self._session.on("Page.frameScheduledNavigation", self._on_scheduled)
        self._session.on("Page.navigatedWithinDocument", self._on_navigated_within)
        self._session.on("Page.domContentEventFired", lambda _: self._set_ready())
        self._session.on("Page.frameStoppedLoading", self._on_stopped)
        self._page.on("crash", lambda _: self.frame.end(PageCrashed("the page has crashed")))
        context.on("page", self._on_popup)
        context.on("request", lambda _: self._on_request())

    def _on_request(self) -> None:
        self._requests += 1
        if self._requests > MAX_REQUESTS:
            self.frame.end(Stop(Reason.BODY_TOO_LARGE, f"{self._navigation.url.host} sends too many requests."))

    def _on_popup(self, popup: PlaywrightPage) -> None:
        self._popups += 1
        if self._popups > MAX_POPUPS:
            self.frame.end(Stop(Reason.PROVIDER_CHANGED, f"{self._navigation.url.host} opens too many windows."))
        self._start(popup.close)

    def _on_requested(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self.frame.id and event["disposition"] == "currentTab":
            self.frame.note_reason(event)

    def _on_scheduled(self, event: dict[str, Any]) -> None:
        """Chromium rejects some schemes, such as file:, and then requests nothing."""
        if event["frameId"] == self.frame.id and event["delay"] == 0:
            self.frame.note_reason(event)

    def _on_navigated_within(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self.frame.id:
            self.frame.note_fragment(event)

    def _on_stopped(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self.frame.id:
            self._set_ready()

    def _set_ready(self) -> None:
        self.dom.reset()
        self.frame.ready.set()

    def _on_paused(self, event: dict[str, Any]) -> None:
        paused = read_paused(event, self.frame.id)
        decision = self.frame.decide(paused)
        command: dict[str, Any] = {"requestId": paused.id}
        if decision == "Fetch.failRequest":
            # "Aborted" leaves the page as it is. Other reasons replace the page by an error page.
            command["errorReason"] = "Aborted" if paused.is_main else "BlockedByClient"
        elif paused.is_main and not paused.is_answered:
            self._start(partial(self._continue, command))
            return
        self._start(partial(self._session.send, decision, command))

    async def _continue(self, command: dict[str, Any]) -> None:
        """Answer the first request with the page to show. Send the others when it is their turn."""
        if self.shown is not None and not self._is_shown:
            self._is_shown = True
            self.frame.response = self.shown.response
            await self._session.send("Fetch.fulfillRequest", command | fulfilment(self.shown.response))
        elif await self.frame.wait_for_turn():
            await self._session.send("Fetch.continueRequest", command)

    def _start(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Run a command as a task. If it fails because the page is gone, the page's own events report that."""

        async def run() -> None:
            with contextlib.suppress(*BROKEN):
                await work()

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
