"""The audit log of the whole service."""

from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta
from starlette.responses import Response

from linkskipper.audit import AuditFilter, list_audit
from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery

PATH = f"{OPERATE}/audit"
PAGE_SIZE = 50
FILTERS = ("action", "account", "text")


class AuditQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `before` is the id of an entry, and continues the list."""

    action: Annotated[str, Meta(pattern="^[a-z]+([.-][a-z]+)*$", max_length=50)] | None = None
    account: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    text: Annotated[str, Meta(max_length=200)] | None = None
    before: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None


async def show(call: PageCall) -> Response:
    """Show a page of the log."""
    query: AuditQuery = call.query
    chosen = AuditFilter(action=query.action, account_id=query.account, text=query.text)
    page = await list_audit(call.services.pool, chosen, before=query.before, limit=PAGE_SIZE)
    filters = {name: value for name in FILTERS if (value := getattr(query, name)) is not None}
    return call.render(
        "operate_audit.html",
        entries=page.entries,
        walked=page.walked,
        query=query,
        filters=filters,
        first=_address(filters),
        older=None if page.next is None else _address(filters | {"before": page.next}),
    )


def _address(query: dict[str, object]) -> str:
    return f"{PATH}?{urlencode(query)}" if query else PATH


PAGES = (PageRoute("GET", PATH, show, Access.OPERATOR, AuditQuery),)
