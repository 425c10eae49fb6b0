"""Resolve a link: a URL in, a `Resolution` out."""

import asyncio
import random
from collections.abc import Callable
from typing import Protocol

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Transport
from linkskipper.resolver.ad_hoc import ad_hoc_provider, family_of, is_ad_hoc, is_inside
from linkskipper.resolver.errors import Stop, Unsupported
from linkskipper.resolver.fetcher import Fetcher, Sleep
from linkskipper.resolver.limits import InProcessLimiter, ProviderLimiter
from linkskipper.resolver.navigation import Navigation, OnHop
from linkskipper.resolver.pages.redirects import redirects
from linkskipper.resolver.pages.stop_rules import TRANSIENT, check_dead_end, is_maintained, removed_stop
from linkskipper.resolver.parse_link import find_link
from linkskipper.resolver.pauses import PauseClock
from linkskipper.resolver.reader import PageReader
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.result import Resolution
from linkskipper.resolver.steps.runner import run_steps
from linkskipper.resolver.urls.destination import credentials_stop, destination_deny_reason
from linkskipper.resolver.urls.home import is_about_unknown_links
from linkskipper.resolver.urls.target import Target

MAX_PROVIDERS = 5

_OF_A_PAGE = frozenset(
    {
        Reason.NOT_A_LINK,
        Reason.NO_DESTINATION,
        Reason.PROVIDER_CHANGED,
        Reason.UPSTREAM_ERROR,
        Reason.LOGIN_REQUIRED,
        Reason.PASSWORD_REQUIRED,
    }
)
"""The reasons that a page for unknown links can seem to be."""


class StepRunner(Protocol):
    """Runs the steps of a provider in its own way, as a browser does."""

    async def run(self, navigation: Navigation) -> None:
        """Run the steps until the link leaves the provider or the steps end.

        Raises:
            Stop: The link ends.
        """

    async def run_scripts(self, navigation: Navigation) -> None:
        """Show the page that is loaded, and run its scripts until the link leaves the provider or comes to rest.

        Raises:
            Stop: The link ends.
        """


class LinkResolver:
    """Follows links through the providers of a catalog. It keeps nothing from one link to the next.

    Args:
        catalog: The providers.
        transport: Sends the requests.
        reader: Reads large pages.
        browser: Runs the steps of providers that need a browser. Their links end with a reason if it is None.
        generic: Whether to resolve links of hosts that no provider file names, by what their pages look like.
        sleep: Waits for a number of seconds.
        random: Returns a number from 0 to 1.
    """

    def __init__(
        self,
        catalog: Catalog,
        transport: Transport,
        reader: PageReader,
        *,
        browser: StepRunner | None = None,
        generic: bool = False,
        sleep: Sleep = asyncio.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._catalog = catalog
        self._reader = reader
        self._browser = browser
        self._generic = generic
        self._fetcher = Fetcher(transport, sleep=sleep, random=random)
        self._limiter = InProcessLimiter()
        self._pauses = PauseClock()

    async def resolve(
        self,
        url: str,
        *,
        canonical: bool = False,
        on_hop: OnHop | None = None,
        limiter: ProviderLimiter | None = None,
    ) -> Resolution:
        """Find where a link leads, without contacting the destination.

        Whatever the link does, the result is a Resolution and not an error.

        Args:
            url: A text that contains the link.
            canonical: Whether the text is the canonical URL of the link, which is not read as a text again.
            on_hop: Called with each hop when it ends.
            limiter: Keeps the limits of the providers. By default they hold among the links of this resolver.

        Raises:
            ProviderAtCapacity: The limiter has no free slot and does not wait.
        """
        catalog = self._catalog.snapshot()
        try:
            link, provider = find_link(url, catalog, generic=self._generic, canonical=canonical)
        except Unsupported as error:
            return Resolution(url, None, None, None, 0, Reason.UNSUPPORTED_LINK, str(error), ())
        limiter = limiter or self._limiter
        with self._pauses:
            navigation = Navigation(
                link, provider, self._fetcher, limiter, self._pauses, reader=self._reader, on_hop=on_hop
            )
            try:
                target = await self._run(navigation, catalog)
            except Stop as stop:
                navigation.record_end()
                return _resolution(url, navigation, stop=_explained(stop, navigation))
            return _resolution(url, navigation, target=target.as_written)

    async def _run(self, navigation: Navigation, catalog: Catalog) -> Target:
        """Pass through providers until the target is not a link of another one."""
        while True:
            await self._pass_through(navigation)
            target = navigation.target or await _target_inside(navigation)
            next_provider = _next_provider(navigation, target, catalog)
            if target.url is None or next_provider is None:
                return target
            if len(navigation.providers) == MAX_PROVIDERS:
                raise Stop(Reason.TOO_MANY_HOPS, f"The link passes through more than {MAX_PROVIDERS} shorteners.")
            navigation.enter(target.url, next_provider)

    async def _pass_through(self, navigation: Navigation) -> None:
        """Run the steps of the current provider, in a slot there if its slots are limited."""
        if is_ad_hoc(navigation.provider):
            await self._recognise_family(navigation)
        if navigation.provider.limits.at_once is None:
            await self._run_steps(navigation)
            return
        async with navigation.slot():
            await self._run_steps(navigation)

    async def _run_steps(self, navigation: Navigation) -> None:
        """Run the steps of the current provider, and then the scripts of a page that leads on only by them."""
        if navigation.provider.engine == "browser":
            await self._require_browser(f"{navigation.provider.label} needs").run(navigation)
            return
        await run_steps(navigation)
        if navigation.target is not None or (page := navigation.page) is None:
            return
        moves = await navigation.page_moves(page)
        if moves.unread == "scripts" or (moves.unread and (moves.refreshes or self._browser is not None)):
            await self._require_browser(f"The scripts of {page.url.href} need").run_scripts(navigation)

    async def _recognise_family(self, navigation: Navigation) -> None:
        """Load the first page that does not lead on by itself, and switch to the family that it belongs to."""
        while navigation.target is None:
            page = await navigation.load()
            if navigation.follow_first(redirects(page)):
                continue
            if await navigation.ask(family_of, page) is not None:
                break
            page = await navigation.load_checked(any_status=True)
            if not navigation.follow_first((await navigation.page_moves(page)).candidates):
                break
        family = None
        if navigation.target is None and navigation.page is not None:
            family = await navigation.ask(family_of, navigation.page)
        provider = None if family is None else ad_hoc_provider(navigation.url.host, family)
        if provider is not None and (provider.engine == "http" or self._browser is not None):
            navigation.switch_provider(provider)

    def _require_browser(self, who_needs: str) -> StepRunner:
        if self._browser is None:
            detail = f"{who_needs} a browser, and this service has none."
            raise Stop(Reason.BROWSER_REQUIRED, detail, service_failed=True)
        return self._browser


def _next_provider(navigation: Navigation, target: Target, catalog: Catalog) -> Provider | None:
    """Return the provider whose link the target is, or None if the target is the destination.

    Raises:
        Stop: The target may not be given out as a destination.
    """
    if target.scheme not in navigation.provider.accept.schemes:
        raise Stop(
            Reason.BAD_SCHEME, f"The link leads to {target.as_written}. The scheme {target.scheme} is not accepted."
        )
    if target.url is None:
        return None
    if (provider := catalog.match(target.url)) is not None:
        if target.has_credentials:
            raise credentials_stop(target)
        return provider
    if reason := destination_deny_reason(target.url.host):
        raise Stop(Reason.BLOCKED_ADDRESS, f"The link leads to {target.as_written}, and {target.url.host} is {reason}.")
    return ad_hoc_provider(target.url.host) if is_inside(target.url, navigation.provider) else None


async def _target_inside(navigation: Navigation) -> Target:
    """Return the URL of a link whose steps ended on the provider's own hosts, if it is another link there.

    Raises:
        Stop: The URL is a page, or is not a link.
    """
    if navigation.page is not None:
        await navigation.check_status(navigation.page)
        await navigation.ask(check_dead_end, navigation.page)
    if not navigation.provider.is_link(navigation.url):
        raise Stop(Reason.NO_DESTINATION, f"The link ends at {navigation.url.href}, on the shortener's own site.")
    return Target(navigation.url.href, navigation.url.scheme, navigation.url)


def _explained(stop: Stop, navigation: Navigation) -> Stop:
    """Return the error of an unknown link if the link ended on a page for such links. Else return it unchanged."""
    page, link = navigation.page, navigation.entered_at
    if stop.reason not in _OF_A_PAGE or page is None or page.status in TRANSIENT:
        return stop
    is_unknown = is_about_unknown_links(link, page.url) and not is_maintained(page)
    return removed_stop(link.href, page.url.href) if is_unknown else stop


def _resolution(url: str, navigation: Navigation, *, target: str | None = None, stop: Stop | None = None) -> Resolution:
    most_expensive = max(navigation.providers, key=lambda provider: provider.resolve_cost)
    return Resolution(
        url=url,
        target_url=target,
        provider=navigation.providers[0].id,
        tier=most_expensive.tier,
        cost=most_expensive.resolve_cost,
        reason=stop.reason if stop else None,
        detail=stop.detail if stop else None,
        hops=tuple(navigation.hops),
        host_unresponsive=stop is not None and stop.host_unresponsive,
        service_failed=stop is not None and stop.service_failed,
        host_ports=navigation.host_ports,
    )
