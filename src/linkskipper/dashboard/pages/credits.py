"""The credits of the account: the balance, and every change of it with its reason."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from linkskipper.accounts import get_account
from linkskipper.credits import list_entries, read_spending
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery
from linkskipper.dashboard.words import lasting

PATH = "/dashboard/credits"
PAGE_SIZE = 50


class CreditsQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the page. `before` is the id of an entry, and continues the list."""

    before: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None


async def show(call: PageCall) -> Response:
    """Show the balance and a page of the ledger."""
    query: CreditsQuery = call.query
    pool, account_id = call.services.pool, call.session.account_id
    entries = await list_entries(pool, account_id, before=query.before, limit=PAGE_SIZE + 1)
    account, spending = await get_account(pool, account_id), await read_spending(pool, account_id)
    listed = entries[:PAGE_SIZE]
    return call.render(
        "credits.html",
        account=account,
        spending=spending,
        lasts=lasting(account.balance - account.held, spending.charged, spending.since, datetime.now(UTC)),
        entries=listed,
        older=f"{PATH}?before={listed[-1].id}" if len(entries) > PAGE_SIZE else None,
    )


PAGES = (PageRoute("GET", PATH, show, Access.VIEWER, CreditsQuery),)
