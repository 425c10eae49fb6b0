"""One link's page in the browser: every page it asks for is seen before it is sent, and again when it is answered.

Chromium holds back each request for a page; whatever leaves the provider's hosts ends the visit there and is not sent.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from time import perf_counter
from typing import Any, Literal

from msgspec.structs import replace
from playwright.async_api import BrowserContext, CDPSession
from playwright.async_api import Page as PlaywrightPage

from linkskipper.egress import ProxySession, Refused, Response, TimedOut
from linkskipper.resolver.browser.dom import Dom
from linkskipper.resolver.browser.errors import BROKEN
from linkskipper.resolver.browser.traffic import BY_REASON, PausedRequest, patterns, read_paused
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.navigation import Navigation, fields_for_others
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import NextUrl, automatic_redirects
from linkskipper.resolver.pages.stop_rules import check_answer, dead_end
from linkskipper.resolver.result import Mechanism, Reason

MAX_POPUPS = 20
_OWN_SCHEMES = ("http:", "https:", "about:", "blob:", "data:", "javascript:")

FetchDecision = Literal["Fetch.continueRequest", "Fetch.failRequest"]


class TabLost(Exception):
    """The page's process has ended, or the whole browser."""


class Tab:
    """A page that a visit looks at and acts on. `left` is done when the link has left the provider's hosts.

    It raises then what ended the link, if anything did: Stop, or TabLost.
    """

    def __init__(
        self, visit: Navigation, page: PlaywrightPage, session: CDPSession, lane: ProxySession, main_frame: str
    ) -> None:
        self.live = page
        self.dom = Dom(session, main_frame)
        self.left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.moved = asyncio.Event()
        self.mechanism: Mechanism | None = None
        self._visit = visit
        self._session = session
        self._lane = lane
        self._main_frame = main_frame
        self._ready = asyncio.Event()
        self._at = ""
        self._going = ""
        self._reason = ""
        self._began = 0.0
        self._awaits_answer = False
        self._response: Response | None = None
        self._popups = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, visit: Navigation, context: BrowserContext, lane: ProxySession) -> "Tab":
        """Open a page for the visit; nothing is loaded yet."""
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        main_frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        tab = cls(visit, page, session, lane, main_frame)
        tab._listen(context)
        fetch = patterns(media=visit.provider.browser.media)
        await asyncio.gather(session.send("Page.enable"), session.send("Fetch.enable", fetch))
        return tab

    def close(self) -> None:
        """Let go of what is still under way; the context's end does the rest."""
        for task in self._tasks:
            task.cancel()
        if not self.left.cancel() and not self.left.cancelled():
            self.left.exception()

    @property
    def unanswered_seconds(self) -> float:
        """How long the last request for a page has been waiting for its answer; 0 once it is answered."""
        return perf_counter() - self._began if self._awaits_answer else 0.0

    @property
    def is_elsewhere(self) -> bool:
        """Whether a step has moved the visit to a URL that the browser has not been sent to."""
        return self._visit.url.href.partition("#")[0] != self._at

    async def look(self) -> Page:
        """The page as it stands now; opens the visit's URL first where the browser is elsewhere. Raises Stop."""
        if self.is_elsewhere:
            await self._go()
        await self._ready.wait()
        dom = await self.dom.read()
        if self._response is None or dom is None:
            raise Stop(Reason.BODY_TOO_LARGE, f"{self._visit.url.host} makes a page that is over the limit.")
        pages = [Page(replace(self._response, body=html.encode(errors="replace"), charset="utf-8")) for html in dom]
        pages[0].frames = pages[1:]
        return pages[0]

    async def click(self, x: float, y: float) -> None:
        """Click at a point of the page that is in sight, as a mouse does."""
        where, button = {"x": x, "y": y}, {"button": "left", "clickCount": 1}
        events: tuple[dict[str, Any], ...] = (
            {"type": "mouseMoved", **where},
            {"type": "mousePressed", **where, **button},
            {"type": "mouseReleased", **where, **button},
        )
        await asyncio.gather(*(self._session.send("Input.dispatchMouseEvent", event) for event in events))

    async def _go(self) -> None:
        self._going = self._visit.url.href
        command = {"url": self._going}
        if self._at:
            command |= {"referrer": self._at, "referrerPolicy": "strictOriginWhenCrossOrigin"}
        answer = await self._session.send("Page.navigate", command)
        if answer.get("isDownload"):
            raise Stop(Reason.NO_DESTINATION, f"{self._visit.url.host} answers with a file.")

    def _listen(self, context: BrowserContext) -> None:
        self._session.on("Fetch.requestPaused", self._on_paused)
        self._session.on("Page.frameRequestedNavigation", self._on_requested)
        self._session.on("Page.frameScheduledNavigation", self._on_scheduled)
        self._session.on("Page.domContentEventFired", lambda _: self._set_ready())
        self._session.on("Page.frameStoppedLoading", self._on_stopped)
        self.live.on("crash", lambda _: self.end(TabLost("the page has crashed")))
        context.on("page", self._on_popup)

    def _on_popup(self, popup: PlaywrightPage) -> None:
        self._popups += 1
        if self._popups > MAX_POPUPS:
            self.end(Stop(Reason.PROVIDER_CHANGED, f"{self._visit.url.host} opens window after window."))
        self._start(popup.close)

    def _on_requested(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self._main_frame and event["disposition"] == "currentTab":
            self._reason = event["reason"]
            self._notice_foreign(event["url"])

    def _on_scheduled(self, event: dict[str, Any]) -> None:
        """Chromium refuses some schemes (file:) before it requests anything."""
        if event["frameId"] == self._main_frame and event["delay"] == 0:
            self._reason = event["reason"]
            self._notice_foreign(event["url"])

    def _on_stopped(self, event: dict[str, Any]) -> None:
        if event["frameId"] == self._main_frame:
            self._set_ready()

    def _set_ready(self) -> None:
        self.dom.forget()
        self._ready.set()

    def _notice_foreign(self, href: str) -> None:
        if not href.startswith(_OWN_SCHEMES) and not self.left.done():
            try:
                self._visit.take([NextUrl(href, self._mechanism(), self._visit.url)])
            except Stop as stop:
                self.end(stop)
            self.end()

    def _on_paused(self, event: dict[str, Any]) -> None:
        paused = read_paused(event, self._main_frame)
        decision = self._decide(paused)
        command: dict[str, Any] = {"requestId": paused.id}
        if decision == "Fetch.failRequest":
            # Aborted leaves the page as it is; other reasons replace the page by an error's.
            command["errorReason"] = "Aborted" if paused.is_main else "BlockedByClient"
        elif paused.is_main and not paused.is_answered:
            self._start(partial(self._send_in_turn, command))
            return
        self._start(partial(self._session.send, decision, command))

    async def _send_in_turn(self, command: dict[str, Any]) -> None:
        """Let a request for a page go when it is its turn at the provider."""
        try:
            await self._visit.wait_for_turn()
        except Stop as stop:
            self.end(stop)
        if self.left.done():
            return
        self._began, self._awaits_answer = perf_counter(), True
        await self._session.send("Fetch.continueRequest", command)

    def _decide(self, paused: PausedRequest) -> FetchDecision:
        if not paused.is_document:
            return "Fetch.failRequest"
        if not paused.is_main or self.left.done():
            return "Fetch.failRequest" if self.left.done() else "Fetch.continueRequest"
        try:
            goes_on = self._answered(paused) if paused.is_answered else self._asked(paused)
        except Stop as stop:
            self.end(stop)
            return "Fetch.failRequest"
        if self._visit.target is not None:
            self.end(fields_for_others(self._visit.target) if paused.carries_fields else None)
            return "Fetch.failRequest"
        return "Fetch.continueRequest" if goes_on else "Fetch.failRequest"

    def _asked(self, paused: PausedRequest) -> bool:
        """A page is about to be asked for: by us, by the answer before it, or by the page that is there."""
        ours = paused.is_redirected or paused.href == self._going
        self._going = ""
        if not ours and not self._visit.take([NextUrl(paused.href, self._mechanism(), self._visit.url)]):
            return False
        self.mechanism = None  # of the first page after a click; that may lead on by itself
        if paused.method != "POST":
            self._visit.come_back()
        self._at = self._visit.url.href.partition("#")[0]
        self._began = perf_counter()
        self._ready.clear()
        self.moved.set()
        return True

    def _answered(self, paused: PausedRequest) -> bool:
        self._awaits_answer = False
        if paused.status is None:
            raise self._failure(paused)
        self._response = paused.response(self._visit.url)
        page = Page(self._response)
        self._visit.arrive(page, perf_counter() - self._began)
        check_answer(self._response)
        onward = next(automatic_redirects(page), None)
        if onward is None or onward.mechanism is not Mechanism.LOCATION_HEADER:
            return True
        if not self._visit.take([onward]):
            raise dead_end(page)
        return True

    def _mechanism(self) -> Mechanism:
        return self.mechanism or BY_REASON.get(self._reason, Mechanism.SCRIPT_LOCATION)

    def _failure(self, paused: PausedRequest) -> Stop:
        host = self._visit.url.host
        error = self._lane.failures.get(host)
        if isinstance(error, Refused):
            return Stop(Reason.BLOCKED_ADDRESS, str(error))
        if isinstance(error, TimedOut):
            return Stop(Reason.TIMEOUT, str(error), host_unresponsive=error.had_full_time)
        return Stop(Reason.UPSTREAM_ERROR, str(error) if error else f"{host} cannot be reached: {paused.failure}")

    def end(self, error: Exception | None = None) -> None:
        """Note that the link has left the provider's hosts, or what ended it; the first time counts."""
        if self.left.done():
            return
        if error is None:
            self.left.set_result(None)
        else:
            self.left.set_exception(error)

    def _start(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Do something beside; what fails because the page or the browser is gone is noticed elsewhere."""

        async def run() -> None:
            with contextlib.suppress(*BROKEN):
                await work()

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
