"""The audit log of the whole service."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from linkskipper.audit import AuditFilter, list_audit
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery, list_values

PATH = f"{OPERATE}/audit"
PAGE_SIZE = 50


class AuditQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `before` is the id of an entry, and continues the list."""

    action: Annotated[str, Meta(pattern="^[a-z]+([.-][a-z]+)*$", max_length=LIMITS.action)] | None = None
    account: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    text: Annotated[str, Meta(max_length=LIMITS.search)] | None = None
    before: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None


async def show(call: PageCall) -> Response:
    """Show a page of the log."""
    query: AuditQuery = call.query
    chosen = AuditFilter(action=query.action, account_id=query.account, text=query.text)
    page = await list_audit(call.services.pool, chosen, before=query.before, limit=PAGE_SIZE)
    return call.render("operate_audit.html", **list_values(PATH, query, page), entries=page.rows)


PAGES = (PageRoute("GET", PATH, show, Access.OPERATOR, AuditQuery),)
