"""The hosts that receive events: which fail, and which are paused."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta
from starlette.responses import Response

from linkskipper.audit import record
from linkskipper.dashboard.errors import changed_meanwhile
from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import NoticeQuery
from linkskipper.database import Connection
from linkskipper.webhooks import HostState, find_host, list_hosts, pause_host, resume_host

PATH = f"{OPERATE}/hosts"
PAGE_SIZE = 50


class HostsQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `host` is a whole name. `after` is a name, and continues the list."""

    host: Annotated[str, Meta(max_length=300)] | None = None
    state: HostState = HostState.FAILING
    after: Annotated[str, Meta(max_length=3000)] | None = None


async def show(call: PageCall) -> Response:
    """Show a page of the list."""
    query: HostsQuery = call.query
    pool = call.services.pool
    if query.host is not None:
        found = await find_host(pool, query.host.strip().lower())
        hosts = [] if found is None else [found]
    else:
        hosts = await list_hosts(pool, query.state, after=query.after, limit=PAGE_SIZE + 1)
    listed = hosts[:PAGE_SIZE]
    more = urlencode({"state": query.state, "after": listed[-1].host}) if len(hosts) > PAGE_SIZE else None
    return call.render("operate_hosts.html", hosts=listed, query=query, older=more and f"{PATH}?{more}")


async def pause(call: PageCall) -> Response:
    """Send nothing more to a host."""
    return await _change(call, pause_host, "host.pause", "This host is paused, or nothing waits for it.")


async def resume(call: PageCall) -> Response:
    """Send what waits for a host."""
    return await _change(call, resume_host, "host.resume", "This host is not paused any more.")


async def _change(
    call: PageCall, change: Callable[[Connection, str], Awaitable[bool]], action: str, otherwise: str
) -> Response:
    host = call.form.get("host", "")
    async with call.services.pool.acquire() as connection, connection.transaction():
        if not await change(connection, host):
            raise changed_meanwhile(otherwise)
        await record(connection, call.entry(action, host))
    return call.redirect(f"{PATH}?done={action.replace('.', '-')}d")


PAGES = (
    PageRoute("GET", PATH, show, Access.OPERATOR, HostsQuery),
    PageRoute("POST", PATH + "/pause", pause, Access.OPERATOR),
    PageRoute("POST", PATH + "/resume", resume, Access.OPERATOR),
)
