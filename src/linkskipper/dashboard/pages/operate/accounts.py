"""All accounts of the service."""

from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta
from starlette.responses import Response

from linkskipper.accounts import Account, get_account, search_accounts
from linkskipper.dashboard.errors import not_found
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery
from linkskipper.errors import UnknownRecordError

PATH = f"{OPERATE}/accounts"
PAGE_SIZE = 50


class SearchQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of a list that is searched by name. `before` is an id, and continues the list."""

    text: Annotated[str, Meta(max_length=LIMITS.search)] | None = None
    before: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None


async def show(call: PageCall) -> Response:
    """Show a page of the list."""
    query: SearchQuery = call.query
    found = await search_accounts(call.services.pool, query.text, before=query.before, limit=PAGE_SIZE + 1)
    return call.render(
        "operate_accounts.html",
        accounts=found[:PAGE_SIZE],
        query=query,
        older=older(PATH, query, found[PAGE_SIZE - 1].id) if len(found) > PAGE_SIZE else None,
    )


async def find_account(call: PageCall) -> Account:
    """Return the account in the path.

    Raises:
        PageError: 404 if it does not exist.
    """
    try:
        return await get_account(call.services.pool, call.identifier("account_id", "account"))
    except UnknownRecordError:
        raise not_found("account") from None


def older(path: str, query: SearchQuery, last_id: int) -> str:
    """Return the address of the next page of a list."""
    text = {"text": query.text} if query.text else {}
    return f"{path}?{urlencode({**text, 'before': last_id})}"


PAGES = (PageRoute("GET", PATH, show, Access.OPERATOR, SearchQuery),)
