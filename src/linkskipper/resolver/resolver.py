"""URL in, Resolution out."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Transport
from linkskipper.resolver.ad_hoc import ad_hoc_provider, family_of, is_ad_hoc, is_inside
from linkskipper.resolver.errors import Stop, Unsupported
from linkskipper.resolver.fetcher import Fetcher, Sleep
from linkskipper.resolver.limits import InProcessLimiter, ProviderLimiter
from linkskipper.resolver.navigation import Navigation, OnHop
from linkskipper.resolver.pages.redirects import automatic_redirects, redirects
from linkskipper.resolver.pages.stop_rules import dead_end
from linkskipper.resolver.result import Reason, Resolution
from linkskipper.resolver.steps.runner import run_steps
from linkskipper.resolver.urls.destination import destination_deny_reason
from linkskipper.resolver.urls.parse_link import parse_link
from linkskipper.resolver.urls.target import Target

MAX_PROVIDERS = 5


class StepRunner(Protocol):
    """What runs a provider's steps in its own way."""

    async def run(self, visit: Navigation) -> None:
        """Run them until the link leaves the provider or they end; raises Stop."""


class LinkResolver:
    """Follows links through the providers of a catalogue, with `browser` those that need one.

    With `generic`, also links of hosts that no provider file names, as what their pages look like.
    It keeps nothing from one link to the next.
    """

    def __init__(
        self,
        catalog: Catalog,
        client: Transport,
        *,
        browser: StepRunner | None = None,
        generic: bool = False,
        sleep: Sleep = asyncio.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._catalog = catalog
        self._browser = browser
        self._generic = generic
        self._fetcher = Fetcher(client, sleep=sleep, random=random)
        self._limiter = InProcessLimiter()

    async def resolve(
        self, url: str, *, on_hop: OnHop | None = None, limiter: ProviderLimiter | None = None
    ) -> Resolution:
        """Find where a link leads, without contacting that; `on_hop` is called with each hop as it ends.

        Never raises for anything that the link does: the Resolution says it. `turns` keeps the providers' limits on
        concurrency and spacing; without it, they hold for the links of this resolver. It may raise Full.
        """
        catalog = self._catalog.snapshot()
        try:
            link = parse_link(url, catalog, generic=self._generic)
        except Unsupported as error:
            return Resolution(url, None, None, None, 0, Reason.UNSUPPORTED_LINK, str(error), ())
        visit = Navigation(link.url, link.provider, self._fetcher, limiter or self._limiter, on_hop=on_hop)
        try:
            target = await self._run(visit, catalog)
        except Stop as stop:
            return _stopped(url, visit, stop)
        return _ended(url, visit, target=target.as_written)

    async def _run(self, visit: Navigation, catalog: Catalog) -> Target:
        """Pass through providers until a target is none's link."""
        while True:
            await self._pass_through(visit)
            target = visit.target or _still_inside(visit)
            following = _next_provider(visit, target, catalog)
            if target.url is None or following is None:
                return target
            if len(visit.passed) == MAX_PROVIDERS:
                raise Stop(Reason.TOO_MANY_HOPS, f"It passes more than {MAX_PROVIDERS} shorteners.")
            visit.enter(target.url, following)

    async def _pass_through(self, visit: Navigation) -> None:
        """Run the steps of the provider that the link is at, in a place there if those are limited."""
        if is_ad_hoc(visit.provider):
            await self._recognise(visit)
        run = self._engine(visit.provider)
        if visit.provider.limits.at_once is None:
            await run(visit)
            return
        async with visit.slot():
            await run(visit)

    async def _recognise(self, visit: Navigation) -> None:
        """Come to the first page that leads nowhere by itself, and go on as the family that it shows."""
        while visit.target is None:
            page = await visit.load()
            if visit.take(redirects(page)):
                continue
            if family_of(page) is not None or not visit.take(automatic_redirects(await visit.load_checked())):
                break
        family = None if visit.target is not None or visit.page is None else family_of(visit.page)
        found = None if family is None else ad_hoc_provider(visit.url.host, family)
        if found is not None and (found.engine == "http" or self._browser is not None):
            visit.become(found)

    def _engine(self, provider: Provider) -> Callable[[Navigation], Awaitable[None]]:
        if provider.engine == "http":
            return run_steps
        if self._browser is None:
            raise Stop(Reason.UPSTREAM_ERROR, f"{provider.label} needs a browser, and this service runs without one.")
        return self._browser.run


def _next_provider(visit: Navigation, target: Target, catalog: Catalog) -> Provider | None:
    """Whose link the target is; None where it is the destination. Raises Stop where it may not be that."""
    if target.scheme not in visit.provider.accept.schemes:
        raise Stop(Reason.BAD_SCHEME, f"It leads to a {target.scheme}: URL.")
    if target.url is None:
        return None
    if (provider := catalog.match(target.url)) is not None:
        return provider
    if reason := destination_deny_reason(target.url.host):
        raise Stop(Reason.BLOCKED_ADDRESS, f"It leads to {target.url.host}, {reason}.")
    return ad_hoc_provider(target.url.host) if is_inside(target.url, visit.provider) else None


def _still_inside(visit: Navigation) -> Target:
    """What to make of a link whose steps are done on the provider's own hosts: another link there, or its end."""
    if visit.page is not None:
        raise dead_end(visit.page)
    if not visit.provider.is_link(visit.url):
        raise Stop(Reason.NO_DESTINATION, f"It ends at {visit.url.href}, on the shortener's own site.")
    return Target(visit.url.href, visit.url.scheme, visit.url)


def _stopped(url: str, visit: Navigation, stop: Stop) -> Resolution:
    visit.end()
    return _ended(url, visit, stop=stop)


def _ended(url: str, visit: Navigation, *, target: str | None = None, stop: Stop | None = None) -> Resolution:
    dearest = max(visit.passed, key=lambda provider: provider.resolve_cost)
    return Resolution(
        url=url,
        target_url=target,
        provider=visit.passed[0].id,
        tier=dearest.tier,
        cost=dearest.resolve_cost,
        reason=stop.reason if stop else None,
        detail=stop.detail if stop else None,
        hops=tuple(visit.hops),
        host_unresponsive=stop is not None and stop.host_unresponsive,
    )
