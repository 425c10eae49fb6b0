"""One link under way: where it is, what it has seen, how it got there."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from time import perf_counter
from typing import NamedTuple, Protocol

from linkskipper.catalog import Provider
from linkskipper.egress import CookieJar, Url
from linkskipper.resolver.deadline import Deadline
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.fetcher import Fetcher, Reserve
from linkskipper.resolver.forms.submission import FormSubmission
from linkskipper.resolver.limits import ProviderLimiter
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import NextUrl
from linkskipper.resolver.pages.stop_rules import check_answer, check_page
from linkskipper.resolver.request import PLAIN, RequestSpec, same_request
from linkskipper.resolver.result import Hop, Mechanism, Reason
from linkskipper.resolver.urls.destination import destination_deny_reason
from linkskipper.resolver.urls.target import Target, inherit_fragment, read_target

MAX_VISITS = 3  # of one URL, each with other cookies: a gate that sets one and sends back is no loop

OnHop = Callable[[Hop], None]


class BrowserPage(Protocol):
    """A page that a browser has open."""

    async def look(self) -> Page:
        """The page as it stands now, at the visit's URL; raises Stop."""


class Checkpoint(NamedTuple):
    """Where a visit was."""

    url: Url
    hops: int


class Navigation:
    """A link on its way through one provider after another.

    `url` is where it is; `target` is where it leads once that is off the provider's hosts. The steps move it on. `live`
    is the browser's page, where there is one.
    """

    def __init__(
        self, url: Url, provider: Provider, fetcher: Fetcher, limiter: ProviderLimiter, *, on_hop: OnHop | None
    ) -> None:
        self.url = url
        self.provider = provider
        self.target: Target | None = None
        self.page: Page | None = None
        self.hops: list[Hop] = []
        self.passed = [provider]
        self.live: BrowserPage | None = None
        self._fetcher = fetcher
        self._limiter = limiter
        self.deadline = Deadline(provider.limits.timeout)
        self._on_hop = on_hop
        self._jar = CookieJar()
        self._outgoing = PLAIN
        self._document: Url | None = None
        self._counting_since = 0.0
        self._waited: dict[str, float] = {}
        self._seen: dict[tuple[str, str, bytes | None], list[str | None]] = {}
        self._moves = 0
        self._seconds = 0.0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A place at the provider; the link's time begins with its first, but does not stand still for others."""
        first = len(self.passed) == 1
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout_at(None if first else self.deadline.at):
                    await held.enter_async_context(self._limiter.slot(self.provider))
            except TimeoutError:
                raise Stop(Reason.TIMEOUT, f"{self.provider.label} had no place for it in time.") from None
            if first:
                self.deadline.restart()
            yield

    def enter(self, url: Url, provider: Provider) -> None:
        """Go on from a URL of another provider, or again from the first step of the same one."""
        self.url, self.provider, self.target = url, provider, None
        self.passed.append(provider)
        self._outgoing = PLAIN
        self._moves = 0

    def become(self, provider: Provider) -> None:
        """Go on as another provider's link, from the page where it stands."""
        self.provider = self.passed[-1] = provider

    async def load(self) -> Page:
        """The page at the current URL, fetched unless it is here; raises Stop by its status."""
        if self.live is not None:
            return await self.live.look()
        if self.page is None:
            self._check_loop()
            started = perf_counter()
            try:
                response = await self._fetcher.fetch(
                    self.url,
                    self._jar,
                    deadline=self.deadline,
                    spec=self._outgoing,
                    referrer=self._document,
                    reserve=self._reserve,
                )
            finally:
                self._seconds = perf_counter() - started
            self.page = Page(response)
            self._counting_since = asyncio.get_running_loop().time()
            check_answer(response, of_link=self._outgoing.method == "GET" and not self._outgoing.is_xhr)
            await self.page.settle()
        return self.page

    async def load_checked(self) -> Page:
        """The same, past the stop rules: no page is read for what it holds before that."""
        page = await self.load()
        for each in (page, *page.frames):
            check_page(each)
        return page

    def arrive(self, page: Page, seconds: float) -> None:
        """Note what a browser was answered at the current URL, and how long that took."""
        self.page, self._seconds = page, seconds
        self._counting_since = asyncio.get_running_loop().time()

    def come_back(self) -> None:
        """Count a coming of the browser, whose cookies are its own, to the current URL; raises Stop after too many."""
        before = self._seen.setdefault(same_request(self.url, PLAIN), [])
        if len(before) == MAX_VISITS:
            raise self._loop()
        before.append(None)

    def bookmark(self) -> Checkpoint:
        """Where to begin again, should a browser break."""
        return Checkpoint(self.url, len(self.hops))

    def roll_back(self, place: Checkpoint) -> None:
        """Begin again there, as if nothing had happened since."""
        self.url, self.target, self.page = place.url, None, None
        del self.hops[place.hops :]
        self._seen.clear()
        self._moves = 0

    def take(self, onwards: Iterable[NextUrl]) -> bool:
        """Move to the first of these that is a URL and no decoy, of an accepted scheme if any is; False if none is."""
        others = []
        for onward in onwards:
            target = read_target(onward.text, onward.base)
            if target is None or (target.url is not None and self.provider.is_decoy(target.url.host)):
                continue
            if onward.mechanism is Mechanism.LOCATION_HEADER:
                target = inherit_fragment(target, onward.base)
                self._move(target, onward.mechanism, self._redirected(target))
                return True
            if target.scheme in self.provider.accept.schemes:
                self._move(target, onward.mechanism)
                return True
            others.append((target, onward.mechanism))
        for target, mechanism in others[:1]:
            self._move(target, mechanism)
        return bool(others)

    def send(self, sending: FormSubmission, mechanism: Mechanism) -> None:
        """Move to where a form goes; raises Stop where that would send its fields off the provider's hosts."""
        target, outgoing = sending
        if outgoing.body is not None and (target.url is None or not self._keeps(target.url)):
            raise fields_for_others(target)
        self._move(target, mechanism, outgoing)

    def back(self, page: Page) -> None:
        """Stand on a page again whose script asked for something and got nothing."""
        self.url, self.page, self.target, self._outgoing = page.url, page, None, PLAIN

    async def wait(self, seconds: float, most: float | None) -> None:
        """Wait out a countdown that began when the page came, or when the last one ended.

        Raises Stop at once where it is longer than allowed or than there is time for.
        """
        waited = self._waited.get(self.provider.id, 0) + seconds
        if waited > self.provider.limits.max_wait or (most is not None and seconds > most):
            raise Stop(Reason.WAIT_TOO_LONG, f"{self.url.host} makes visitors wait for {seconds:g} seconds.")
        now = asyncio.get_running_loop().time()
        over = max(self._counting_since + seconds, now)
        if over >= self.deadline.at:
            raise Stop(Reason.TIMEOUT, f"{self.url.host} makes visitors wait for longer than the link has time.")
        if over > now:
            await self._fetcher.sleep(over - now)
        self._waited[self.provider.id], self._counting_since = waited, over

    def end(self) -> None:
        """Note the last hop of a link that ended where it is; nothing where it had moved off."""
        if self.target is None:
            self._note_hop(None)

    async def wait_for_turn(self) -> None:
        """Wait until the provider may be sent another request, where the load is another's; raises Stop."""
        if (reserve := self._reserve) is not None:
            await self._fetcher.wait_for_turn(reserve, self.url, self.deadline)

    @property
    def _reserve(self) -> Reserve | None:
        paced = self.provider.limits.min_interval is not None
        return partial(self._limiter.reserve, self.provider) if paced else None

    def _move(self, target: Target, mechanism: Mechanism, outgoing: RequestSpec = PLAIN) -> None:
        self._note_hop(mechanism)
        if mechanism is not Mechanism.LOCATION_HEADER and self.page is not None and not self._outgoing.is_xhr:
            self._document = self.page.url
        self.page = None
        self._outgoing = outgoing
        self._moves += 1
        if target.url is None or not self._keeps(target.url):
            self.target = target
        else:
            self.url = target.url
        if self._moves > self.provider.limits.max_hops:
            raise Stop(Reason.TOO_MANY_HOPS, f"It is passed on more than {self.provider.limits.max_hops} times.")

    def _redirected(self, target: Target) -> RequestSpec:
        """What a redirect asks for; raises Stop where it would hand a form's fields to another service."""
        outgoing = self._outgoing.redirected(self.page.response) if self.page is not None else PLAIN
        if outgoing.body is not None and (target.url is None or not self._keeps(target.url)):
            raise fields_for_others(target)
        return outgoing

    def _keeps(self, url: Url) -> bool:
        return self.provider.keeps(self.url.host, url.host)

    def _note_hop(self, mechanism: Mechanism | None) -> None:
        status = self.page.status if self.page else None
        hop = Hop(self.url.href, mechanism, status, round(self._seconds * 1000, 1))
        self._seconds = 0.0
        self.hops.append(hop)
        if self._on_hop is not None:
            self._on_hop(hop)

    def _check_loop(self) -> None:
        """A request may come again only with other cookies; a form's fields are part of what it asks."""
        cookies = self._jar.header(self.url)
        before = self._seen.setdefault(same_request(self.url, self._outgoing), [])
        if cookies in before or len(before) == MAX_VISITS:
            raise self._loop()
        before.append(cookies)

    def _loop(self) -> Stop:
        return Stop(Reason.LOOP_DETECTED, f"It comes back to {self.url.href}.")


def fields_for_others(target: Target) -> Stop:
    """A form's fields are for the provider alone: what it is to be sent to is no destination that can be given out."""
    if target.url is None:
        return Stop(Reason.BAD_SCHEME, f"Its form goes to a {target.scheme}: URL.")
    if reason := destination_deny_reason(target.url.host):
        return Stop(Reason.BLOCKED_ADDRESS, f"Its form goes to {target.url.host}, {reason}.")
    return Stop(Reason.PROVIDER_CHANGED, f"Its form goes to {target.url.host}, which is none of the provider's hosts.")
