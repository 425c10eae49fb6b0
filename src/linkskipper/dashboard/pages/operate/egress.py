"""The connections that the guard refused."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from linkskipper.audit import list_refusals
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import NoticeQuery

PATH = f"{OPERATE}/egress"
SHOWN = 100


class EgressQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `text` is a part of a host or of a reason."""

    text: Annotated[str, Meta(max_length=LIMITS.search)] | None = None


async def show(call: PageCall) -> Response:
    """Show the newest refusals."""
    query: EgressQuery = call.query
    refusals = await list_refusals(call.services.pool, query.text, limit=SHOWN)
    return call.render("operate_egress.html", refusals=refusals, query=query, shown=SHOWN)


PAGES = (PageRoute("GET", PATH, show, Access.OPERATOR, EgressQuery),)
