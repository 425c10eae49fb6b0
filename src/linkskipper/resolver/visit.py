"""One link under way: where it is, what it has seen, how it got there."""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import NamedTuple, Protocol

from linkskipper.catalog import Provider
from linkskipper.egress import Jar, Url
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.extract import Onward
from linkskipper.resolver.fetching import Fetcher
from linkskipper.resolver.outcome import Hop, Mechanism, Reason
from linkskipper.resolver.page import Page
from linkskipper.resolver.spelling import Target, inherit_fragment, read_target
from linkskipper.resolver.stops import check_answer, check_page

MAX_VISITS = 3  # of one URL, each with other cookies: a gate that sets one and sends back is no loop

OnHop = Callable[[Hop], None]


class Live(Protocol):
    """A page that a browser has open."""

    async def look(self) -> Page:
        """The page as it stands now, at the visit's URL; raises Stop."""


class Bookmark(NamedTuple):
    """Where a visit was."""

    url: Url
    hops: int


class Visit:
    """A link on its way through one provider after another.

    `url` is where it is; `target` is where it leads once that is off the provider's hosts; `until` is the deadline,
    a time of the loop's. The steps move it on. `live` is the browser's page, where there is one.
    """

    def __init__(self, url: Url, provider: Provider, fetcher: Fetcher, *, until: float, on_hop: OnHop | None) -> None:
        self.url = url
        self.provider = provider
        self.target: Target | None = None
        self.page: Page | None = None
        self.hops: list[Hop] = []
        self.passed = [provider]
        self.until = until
        self.live: Live | None = None
        self._fetcher = fetcher
        self._on_hop = on_hop
        self._jar = Jar()
        self._seen: dict[str, list[str | None]] = {}
        self._moves = 0
        self._seconds = 0.0

    def enter(self, url: Url, provider: Provider) -> None:
        """Go on from a URL of another provider, or again from the first step of the same one."""
        self.url, self.provider, self.target = url, provider, None
        self.passed.append(provider)
        self._moves = 0

    async def load(self) -> Page:
        """The page at the current URL, fetched unless it is here; raises Stop by its status."""
        if self.live is not None:
            return await self.live.look()
        if self.page is None:
            self._check_loop()
            started = perf_counter()
            try:
                response = await self._fetcher.fetch(self.url, self._jar, until=self.until)
            finally:
                self._seconds = perf_counter() - started
            self.page = Page(response)
            check_answer(response)
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

    def come_back(self) -> None:
        """Count a coming of the browser, whose cookies are its own, to the current URL; raises Stop after too many."""
        before = self._seen.setdefault(self.url.href.partition("#")[0], [])
        if len(before) == MAX_VISITS:
            raise self._loop()
        before.append(None)

    def bookmark(self) -> Bookmark:
        """Where to begin again, should a browser break."""
        return Bookmark(self.url, len(self.hops))

    def return_to(self, place: Bookmark) -> None:
        """Begin again there, as if nothing had happened since."""
        self.url, self.target, self.page = place.url, None, None
        del self.hops[place.hops :]
        self._seen.clear()
        self._moves = 0

    def take(self, onwards: Iterable[Onward]) -> bool:
        """Move to the first of these that is a URL and no decoy; False where none is."""
        for onward in onwards:
            target = read_target(onward.text, onward.base)
            if target is None or (target.url is not None and self.provider.is_decoy(target.url.host)):
                continue
            if onward.mechanism is Mechanism.LOCATION_HEADER:
                target = inherit_fragment(target, onward.base)
            self._move(target, onward.mechanism)
            return True
        return False

    def end(self) -> None:
        """Note the last hop of a link that ended where it is; nothing where it had moved off."""
        if self.target is None:
            self._note_hop(None)

    def _move(self, target: Target, mechanism: Mechanism) -> None:
        self._note_hop(mechanism)
        self.page = None
        self._moves += 1
        if target.url is None or not self.provider.keeps(self.url.host, target.url.host):
            self.target = target
        else:
            self.url = target.url
        if self._moves > self.provider.limits.max_hops:
            raise Stop(Reason.TOO_MANY_HOPS, f"It is passed on more than {self.provider.limits.max_hops} times.")

    def _note_hop(self, mechanism: Mechanism | None) -> None:
        status = self.page.status if self.page else None
        hop = Hop(self.url.href, mechanism, status, round(self._seconds * 1000, 1))
        self._seconds = 0.0
        self.hops.append(hop)
        if self._on_hop is not None:
            self._on_hop(hop)

    def _check_loop(self) -> None:
        """A URL may come again only with other cookies."""
        cookies = self._jar.header(self.url)
        before = self._seen.setdefault(self.url.href.partition("#")[0], [])
        if cookies in before or len(before) == MAX_VISITS:
            raise self._loop()
        before.append(cookies)

    def _loop(self) -> Stop:
        return Stop(Reason.LOOP_DETECTED, f"It comes back to {self.url.href}.")
