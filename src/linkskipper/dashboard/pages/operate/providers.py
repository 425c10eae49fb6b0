"""The providers with their switches."""

from typing import Annotated, Literal, NamedTuple

from msgspec import Meta
from starlette.responses import Response

from linkskipper.catalog import Provider
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import NoticeQuery
from linkskipper.provider_health import ProviderCondition, ProviderStatus, read_conditions

PATH = f"{OPERATE}/providers"
UNKNOWN = ProviderCondition()


class OperatedProvidersQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `text` is a part of a name or a host. `trouble` is any state but up."""

    text: Annotated[str, Meta(max_length=LIMITS.search)] | None = None
    state: Literal["up", "degraded", "down", "off", "trouble"] | None = None


class OperatedProvider(NamedTuple):
    """A provider in the list."""

    provider: Provider
    condition: ProviderCondition
    state: ProviderStatus | Literal["off"]


async def show(call: PageCall) -> Response:
    """Show the list, those in trouble first."""
    query: OperatedProvidersQuery = call.query
    text = (query.text or "").strip().lower()
    rows = [row for row in await read_rows(call) if _matches(row.provider, text) and _is_chosen(row, query.state)]
    return call.render(
        "operate_providers.html",
        rows=sorted(rows, key=_urgency),
        query=query,
        reload=call.services.catalog.last_reload,
    )


async def read_rows(call: PageCall) -> list[OperatedProvider]:
    """Return all providers with their condition."""
    conditions = await read_conditions(call.services.pool)
    return [
        row_of(call, provider, conditions.get(provider.id, UNKNOWN)) for provider in call.services.catalog.providers
    ]


def row_of(call: PageCall, provider: Provider, condition: ProviderCondition) -> OperatedProvider:
    """Return a provider with its state for the account of the session."""
    state = call.services.admission.status(provider, condition.stats, call.session.account_id)
    return OperatedProvider(provider, condition, "off" if condition.off_since is not None else state)


def _matches(provider: Provider, text: str) -> bool:
    return text in provider.label.lower() or text == provider.id or any(text in host for host in provider.hosts)


def _is_chosen(row: OperatedProvider, state: str | None) -> bool:
    return state in {None, row.state} or (state == "trouble" and row.state != "up")


def _urgency(row: OperatedProvider) -> tuple[bool, bool, str]:
    return (not row.condition.failing_hosts, row.state != "off", row.provider.label.lower())


PAGES = (PageRoute("GET", PATH, show, Access.OPERATOR, OperatedProvidersQuery),)
