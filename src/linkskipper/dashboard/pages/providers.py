"""The shorteners that the service knows, with their state."""

from typing import Annotated, NamedTuple

from msgspec import Meta
from starlette.responses import Response

from linkskipper.catalog import Provider
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import NoticeQuery, address
from linkskipper.provider_health import NO_STATS, ProviderStats, ProviderStatus, latency

PATH = "/dashboard/providers"
SHOWN_HOSTS = 3
PAGE_SIZE = 60
MAX_PAGES = 1000


class ProvidersQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `text` is a part of a name or a host. The first page is 1."""

    text: Annotated[str, Meta(max_length=LIMITS.search)] | None = None
    state: ProviderStatus | None = None
    page: Annotated[int, Meta(ge=1, le=MAX_PAGES)] = 1


class ProviderRow(NamedTuple):
    """A provider in the list."""

    provider: Provider
    state: ProviderStatus
    stats: ProviderStats
    latency: str
    hosts: tuple[str, ...]


async def show(call: PageCall) -> Response:
    """Show the list."""
    query: ProvidersQuery = call.query
    measured = await call.services.provider_stats.read()
    text = (query.text or "").strip().lower()
    rows = [
        row
        for provider in call.services.catalog.providers
        if (row := _row(call, provider, measured.get(provider.id, NO_STATS), text)) is not None
        and query.state in {None, row.state}
    ]
    begin = (query.page - 1) * PAGE_SIZE
    filters = {name: value for name in ("text", "state") if (value := getattr(query, name))}
    return call.render(
        "providers.html",
        rows=rows[begin : begin + PAGE_SIZE],
        count=len(rows),
        query=query,
        newer=address(PATH, filters | {"page": query.page - 1}) if query.page > 1 else None,
        older=address(PATH, filters | {"page": query.page + 1}) if len(rows) > begin + PAGE_SIZE else None,
    )


def _row(call: PageCall, provider: Provider, stats: ProviderStats, text: str) -> ProviderRow | None:
    """Return the row of a provider, with the hosts that match the text first. None if nothing matches."""
    matching = tuple(host for host in provider.hosts if text in host)
    if not matching and text not in provider.label.lower() and text != provider.id:
        return None
    state = call.services.admission.status(provider, stats, call.session.account_id)
    return ProviderRow(provider, state, stats, latency(provider, stats), (matching or provider.hosts)[:SHOWN_HOSTS])


PAGES = (PageRoute("GET", PATH, show, Access.KEY, ProvidersQuery),)
