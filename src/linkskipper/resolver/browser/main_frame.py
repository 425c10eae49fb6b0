"""Decide which pages the browser may request for a link.

Chromium pauses each request for a page before it is sent, and again when it is answered. A request that would leave
the provider's hosts ends the link and is never sent.
"""

import asyncio
from time import perf_counter
from typing import Any, Literal

from linkskipper.egress import BadUrl, ProxySession, Refused, Response, TimedOut, parse_url
from linkskipper.resolver.browser.traffic import MECHANISMS, PausedRequest
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import NextUrl, redirects
from linkskipper.resolver.pages.stop_rules import check_response, dead_end
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.urls.destination import form_target_stop

_OWN_SCHEMES = ("http:", "https:", "about:", "blob:", "data:", "javascript:")
_OF_CHROMIUM = ("file:", "chrome", "view-source:", "devtools:", "filesystem:")  # it opens none of them for a page

FetchDecision = Literal["Fetch.continueRequest", "Fetch.failRequest"]


class MainFrame:
    """The main frame of a tab, and the requests that load pages into it.

    Attributes:
        id: Chromium's id of the frame.
        left: Done when the link has left the provider's hosts. It raises Stop or TabLost if that ended the link.
        moved: Set when the frame begins to load another page, or the page opens another program for the first time.
        ready: Set while the frame shows a page that is loaded.
        mechanism: What the next request is to be attributed to, such as a click.
        response: The last response for a page.
        app_url: The first URL for another program that the page opened, or "". The page remains then.
    """

    def __init__(self, frame_id: str, navigation: Navigation, session: ProxySession) -> None:
        self.id = frame_id
        self.left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.moved = asyncio.Event()
        self.ready = asyncio.Event()
        self.mechanism: Mechanism | None = None
        self.response: Response | None = None
        self.app_url = ""
        self._navigation = navigation
        self._session = session
        self._current = ""
        self._expected = ""
        self._reason = ""
        self._sent_at = 0.0
        self._is_unanswered = False

    @property
    def current(self) -> str:
        """The URL that the browser was last sent to, without its fragment, or ""."""
        return self._current

    @property
    def is_elsewhere(self) -> bool:
        """Whether a step has moved the link to a URL that the browser was not sent to."""
        return self._navigation.url.without_fragment != self._current

    @property
    def unanswered_seconds(self) -> float:
        """The time since the last request for a page was sent, or 0 if it is answered."""
        return perf_counter() - self._sent_at if self._is_unanswered else 0.0

    def expect(self, href: str) -> None:
        """Announce a request that this program makes, not the page."""
        self._expected = href

    def end(self, error: Exception | None = None) -> None:
        """Note that the link has left the provider's hosts, or the error that ended it. Only the first call counts."""
        if self.left.done():
            return
        if error is None:
            self.left.set_result(None)
        else:
            self.left.set_exception(error)

    def note_reason(self, event: dict[str, Any]) -> None:
        """Take in a navigation that the page begins, before Chromium sends a request or rejects the scheme."""
        self._reason = event["reason"]
        href = event["url"]
        if href.startswith(_OWN_SCHEMES) or self.left.done():
            return
        is_accepted = href.partition(":")[0] in self._navigation.provider.accept.schemes
        if not is_accepted and not href.startswith(_OF_CHROMIUM):
            if not self.app_url:
                self.app_url = href
                self.moved.set()
            return
        try:
            self._follow(href)
        except Stop as stop:
            self.end(stop)
        self.end()

    def follow_app_url(self) -> bool:
        """Move to the URL for another program, once the page leads nowhere else. Return whether there is one.

        Raises:
            Stop: The link redirects too often.
        """
        if not self.app_url or self._navigation.target is not None:
            return False
        self._follow(self.app_url)
        return True

    def note_fragment(self, event: dict[str, Any]) -> None:
        """Take in the fragment that a script of the page has written into the page's own URL."""
        try:
            url = parse_url(event["url"])
        except BadUrl:
            return
        if not self.left.done() and url.without_fragment == self._navigation.url.without_fragment:
            self._navigation.url = url

    async def wait_for_turn(self) -> bool:
        """Wait until a request for a page may be sent. Return False if the link has ended."""
        try:
            await self._navigation.wait_for_turn()
        except Stop as stop:
            self.end(stop)
        if self.left.done():
            return False
        self._sent_at, self._is_unanswered = perf_counter(), True
        return True

    def decide(self, paused: PausedRequest) -> FetchDecision:
        """Decide on a paused request."""
        if not paused.is_document or self.left.done():
            return "Fetch.failRequest"
        if not paused.is_main:
            return "Fetch.continueRequest" if self._is_own(paused.href) else "Fetch.failRequest"
        try:
            goes_on = self._answered(paused) if paused.is_answered else self._requested(paused)
        except Stop as stop:
            self.end(stop)
            return "Fetch.failRequest"
        if self._navigation.target is not None:
            self.end(form_target_stop(self._navigation.target) if paused.carries_fields else None)
            return "Fetch.failRequest"
        return "Fetch.continueRequest" if goes_on else "Fetch.failRequest"

    def _is_own(self, href: str) -> bool:
        """Tell whether a frame may show a URL. Hosts of `[browser] allow` bring scripts: one may be the destination."""
        try:
            return self._navigation.provider.keeps(self._navigation.url.host, parse_url(href).host)
        except BadUrl:
            return False

    def _requested(self, paused: PausedRequest) -> bool:
        """Take in a request for a page, by this program, by a redirect, or by the page that is shown."""
        is_expected = paused.is_redirected or paused.href == self._expected
        self._expected = ""
        if not is_expected and not self._follow(paused.href):
            return False
        if self._navigation.target is not None:
            return False
        self.mechanism = None  # it counts for the first page after a click only
        if paused.method != "POST":
            self._navigation.record_browser_visit()
        self._current = self._navigation.url.without_fragment
        self._sent_at = perf_counter()
        self.app_url = ""
        self.ready.clear()
        self.moved.set()
        return True

    def _answered(self, paused: PausedRequest) -> bool:
        self._is_unanswered = False
        if paused.status is None:
            raise self._failure(paused)
        self.response = paused.response(self._navigation.url)
        page = Page(self.response)
        self._navigation.record_response(page, perf_counter() - self._sent_at)
        check_response(self.response)
        next_url = next(redirects(page), None)
        if next_url is None:
            return True
        if not self._navigation.follow_first([next_url]):
            raise dead_end(page)
        return True

    def _follow(self, href: str) -> bool:
        mechanism = self.mechanism or MECHANISMS.get(self._reason, Mechanism.SCRIPT_LOCATION)
        return self._navigation.follow_first([NextUrl(href, mechanism, self._navigation.url)])

    def _failure(self, paused: PausedRequest) -> Stop:
        host = self._navigation.url.host
        error = self._session.failures.get(host)
        if isinstance(error, Refused):
            return Stop(Reason.BLOCKED_ADDRESS, str(error))
        if isinstance(error, TimedOut):
            return Stop(Reason.TIMEOUT, str(error), host_unresponsive=error.had_full_time)
        return Stop(Reason.UPSTREAM_ERROR, str(error) if error else f"{host} cannot be reached: {paused.failure}")
