"""The state of a link that is being resolved: where it is, what it has loaded, and the hops so far."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from time import perf_counter
from typing import NamedTuple, Protocol

from linkskipper.catalog import Provider
from linkskipper.egress import CookieJar, Url
from linkskipper.resolver.candidates import first_candidate
from linkskipper.resolver.countdowns import Countdowns
from linkskipper.resolver.deadline import Deadline
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.fetcher import Fetcher, Reserve
from linkskipper.resolver.forms.submission import FormSubmission
from linkskipper.resolver.limits import ProviderLimiter
from linkskipper.resolver.page_asker import PageAsker
from linkskipper.resolver.pages.moves import PageMoves, page_moves
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import NextUrl
from linkskipper.resolver.pages.stop_rules import check_page, check_response, check_status, home_stop
from linkskipper.resolver.pauses import PauseClock
from linkskipper.resolver.reader import PageReader
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.request import PLAIN_GET, RequestSpec
from linkskipper.resolver.result import AUTOMATIC, READ_FROM_URL, Hop, Mechanism
from linkskipper.resolver.traffic_budget import TrafficBudget
from linkskipper.resolver.urls.destination import credentials_stop, form_target_stop
from linkskipper.resolver.urls.home import is_sent_home, sets_state
from linkskipper.resolver.urls.target import Target
from linkskipper.resolver.visits import VisitLog

OnHop = Callable[[Hop], None]


class BrowserPage(Protocol):
    """A page that is open in a browser."""

    async def read(self) -> Page:
        """Return the page at the link's URL as it is now.

        Raises:
            Stop: The page cannot be read.
        """


class Checkpoint(NamedTuple):
    """A state of a navigation that it can be rolled back to."""

    url: Url
    hops: int


class Navigation:
    """A link on its way through the providers. The steps move it on.

    Attributes:
        url: Where the link is.
        provider: The provider that owns this URL.
        target: Where the link leads, once that is not on the provider's hosts.
        page: The page at `url`, once it is loaded.
        hops: The URLs that the link has left behind.
        providers: The providers that the link has passed, with the current one.
        entered_at: The URL at which the link came to the current provider.
        deadline: The time of the whole link.
        cookies: The cookies that the link has received over HTTP.
        browser_page: The page in the browser, for a provider that needs one.
        ask: Asks about a page of the link (see `PageAsker.ask`).
        ask_by_selector: Asks about the elements of a page (see `PageAsker.ask_by_selector`).
    """

    def __init__(
        self,
        url: Url,
        provider: Provider,
        fetcher: Fetcher,
        limiter: ProviderLimiter,
        pauses: PauseClock,
        *,
        reader: PageReader,
        on_hop: OnHop | None,
    ) -> None:
        self.url = url
        self.provider = provider
        self.target: Target | None = None
        self.page: Page | None = None
        self.hops: list[Hop] = []
        self.providers = [provider]
        self.deadline = Deadline(provider.limits.timeout, pauses)
        self.browser_page: BrowserPage | None = None
        self._fetcher = fetcher
        self._limiter = limiter
        asker = PageAsker(reader, self.deadline)
        self.ask, self.ask_by_selector = asker.ask, asker.ask_by_selector
        self._on_hop = on_hop
        self.cookies = CookieJar()
        self._spec = PLAIN_GET
        self._referrer: Url | None = None
        self._countdowns = Countdowns(fetcher, self.deadline)
        self._visits = VisitLog()
        self._traffic = TrafficBudget()
        self._moves = 0
        self._moves_of: tuple[Page, PageMoves] | None = None
        self._seconds = 0.0
        self._first_host_port = url.host_port
        self.entered_at = url

    @property
    def host_ports(self) -> tuple[str, str]:
        """The hosts, with their ports, where the link began and where it is (see `Url.host_port`)."""
        return self._first_host_port, self.url.host_port

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold a slot at the provider. The wait for the first slot does not count against the link's time.

        Raises:
            Stop: No slot became free in time.
            ProviderAtCapacity: No slot is free, and the limiter does not wait.
        """
        is_first = len(self.providers) == 1
        async with AsyncExitStack() as slot:
            while True:
                try:
                    async with asyncio.timeout_at(None if is_first else self.deadline.at):
                        await slot.enter_async_context(self._limiter.slot(self.provider))
                    break
                except TimeoutError:
                    if self.deadline.remaining() <= 0:  # else this process stood still
                        raise Stop(Reason.TIMEOUT, f"No slot at {self.provider.label} became free in time.") from None
            if is_first:
                self.deadline.restart()
            yield

    def enter(self, url: Url, provider: Provider) -> None:
        """Continue from a URL of another provider, or from the first step of the same one again."""
        self.url, self.entered_at, self.provider, self.target = url, url, provider, None
        self.providers.append(provider)
        self._spec = PLAIN_GET
        self._moves = 0

    def switch_provider(self, provider: Provider) -> None:
        """Treat the current page as one of another provider."""
        self.provider = self.providers[-1] = provider

    async def load(self) -> Page:
        """Return the page at the current URL. Fetch it unless it is loaded.

        Raises:
            Stop: The request failed, or a header ends the link.
        """
        if self.browser_page is not None:
            return await self.browser_page.read()
        if self.page is None:
            self.page = await self._fetch()
            check_response(self.page.response)
        return self.page

    async def load_checked(self, *, any_status: bool = False) -> Page:
        """Return the page like `load`, after the stop rules have passed. No page is used before that.

        `any_status` is for pages that may lead on by themselves, which they do whatever their status is.

        Raises:
            Stop: The request failed, or a stop rule ends the link.
        """
        page = await self.load()
        for document in (page, *page.frames):
            await self.ask(check_page, document, may_lead_on=any_status)
        if not any_status:
            await self.check_status(page)
        return page

    async def check_status(self, page: Page) -> None:
        """Apply the stop rules for the status of a page that does not lead on by itself.

        Raises:
            Stop: A rule ends the link.
        """
        await self.ask(check_status, page, of_link=self._spec.method == "GET" and not self._spec.is_xhr)

    async def page_moves(self, page: Page) -> PageMoves:
        """Return where a page leads by itself.

        Raises:
            Stop: The page takes too long to read.
        """
        if self._moves_of is None or self._moves_of[0] is not page:
            self._moves_of = page, await self.ask(page_moves, page, self.provider.may_load)
        return self._moves_of[1]

    def record_response(self, page: Page, seconds: float) -> None:
        """Record the response that a browser got at the current URL, and how long it took."""
        self.page, self._seconds = page, seconds
        self._countdowns.begin()

    def record_browser_visit(self) -> None:
        """Count a request of the browser for the current URL.

        Raises:
            Stop: It was sent too often.
        """
        self._visits.record_browser_visit(self.url)

    def checkpoint(self) -> Checkpoint:
        """Return the current state."""
        return Checkpoint(self.url, len(self.hops))

    def roll_back(self, checkpoint: Checkpoint) -> None:
        """Return to an earlier state and forget what happened since."""
        self.url, self.target, self.page = checkpoint.url, None, None
        del self.hops[checkpoint.hops :]
        self._visits.clear()
        self._moves = 0

    def follow_first(self, candidates: Iterable[NextUrl]) -> bool:
        """Move to the first candidate (see `first_candidate`). Return whether there was one.

        Raises:
            Stop: The only candidates are too long, or a redirect would send a form's fields to another service.
        """
        candidate = first_candidate(candidates, self.provider, self.url)
        if candidate is None:
            return False
        target, mechanism = candidate
        is_redirect = mechanism is Mechanism.LOCATION_HEADER
        self._move(target, mechanism, self._redirected(target) if is_redirect else PLAIN_GET)
        return True

    def submit(self, submission: FormSubmission, mechanism: Mechanism) -> None:
        """Move to the target of a form.

        Raises:
            Stop: The form would send its fields to another service.
        """
        target, spec = submission
        if spec.body is not None and (target.url is None or not self._stays(target.url)):
            raise form_target_stop(target)
        self._move(target, mechanism, spec)

    def restore(self, page: Page) -> None:
        """Return to a page whose script sent a request that led nowhere."""
        self.url, self.page, self.target, self._spec = page.url, page, None, PLAIN_GET

    async def wait_out(self, seconds: float, limit: float | None) -> None:
        """Wait for a countdown, which began when the page came or when the last countdown ended.

        Raises:
            Stop: The countdown is longer than allowed, or than the link has time for. No time is spent then.
        """
        await self._countdowns.wait_out(self.provider, self.url.host, seconds, limit)

    async def wait_for_turn(self) -> None:
        """Wait until the browser may send the provider another request.

        Raises:
            Stop: The turn would come after the deadline.
        """
        if (reserve := self._reserve) is not None:
            await self._fetcher.wait_for_turn(reserve, self.url, self.deadline)

    def record_end(self) -> None:
        """Record the last hop of a link without a destination: where it ended, or what it may not lead to."""
        if self.target is None:
            self._record_hop(None)
        else:
            self._add_hop(Hop(self.target.as_written, None, None, 0.0))

    @property
    def _reserve(self) -> Reserve | None:
        is_paced = self.provider.limits.min_interval is not None
        return partial(self._limiter.reserve, self.provider) if is_paced else None

    async def _fetch(self) -> Page:
        cookies = self.cookies.header(self.url)
        self._visits.record(self.url, self._spec, cookies)
        self._traffic.count_request(self.url, self._spec, cookies)
        started = perf_counter()
        try:
            response = await self._fetcher.fetch(
                self.url,
                self.cookies,
                deadline=self.deadline,
                spec=self._spec,
                referrer=self._referrer,
                reserve=self._reserve,
            )
        finally:
            self._seconds = perf_counter() - started
        self._countdowns.begin()
        self._traffic.count_response(response)
        return Page(response)

    def _move(self, target: Target, mechanism: Mechanism, spec: RequestSpec = PLAIN_GET) -> None:
        sender = self.page if self._leads_home(target, mechanism) else None
        self._record_hop(mechanism)
        if mechanism is not Mechanism.LOCATION_HEADER and self.page is not None and not self._spec.is_xhr:
            self._referrer = self.page.url
        self.page = None
        self._spec = spec
        self._moves += 1
        if mechanism in READ_FROM_URL or target.url is None or not self._stays(target.url):
            self.target = target
        elif target.has_credentials:
            self.target = target
            raise credentials_stop(target)
        elif sender is not None:
            self.target = target
            raise home_stop(sender, target.url.href)
        else:
            self.url = target.url
        if self._moves > self.provider.limits.max_hops:
            raise Stop(Reason.TOO_MANY_HOPS, f"The link redirects more than {self.provider.limits.max_hops} times.")

    def _leads_home(self, target: Target, mechanism: Mechanism) -> bool:
        """Return whether the current page leads to the home page of its own site by itself.

        Shorteners send links there that they do not know. A page that sets a cookie may continue with it there.
        """
        if target.url is None or self.page is None or self.browser_page is not None or self._spec != PLAIN_GET:
            return False
        is_automatic = mechanism in AUTOMATIC and not sets_state(self.page.response)
        return is_automatic and is_sent_home(self.url, target.url)

    def _redirected(self, target: Target) -> RequestSpec:
        spec = self._spec.redirected(self.page.response) if self.page is not None else PLAIN_GET
        if spec.body is not None and (target.url is None or not self._stays(target.url)):
            raise form_target_stop(target)
        return spec

    def _stays(self, url: Url) -> bool:
        return self.provider.keeps(self.url.host, url.host)

    def _record_hop(self, mechanism: Mechanism | None) -> None:
        status = self.page.status if self.page else None
        hop = Hop(self.url.href, mechanism, status, round(self._seconds * 1000, 1))
        self._seconds = 0.0
        self._add_hop(hop)

    def _add_hop(self, hop: Hop) -> None:
        self.hops.append(hop)
        if self._on_hop is not None:
            self._on_hop(hop)
