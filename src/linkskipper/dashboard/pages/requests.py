"""The log of API requests. Its filters are in its address."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from msgspec import Meta
from starlette.responses import Response

from linkskipper.accounts import list_account_keys
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery
from linkskipper.request_log import RequestFilter, count_codes, list_requests

PATH = "/dashboard/requests"
PAGE_SIZE = 50
FILTERS = ("status", "code", "method", "key", "text")
StatusClass = Literal["2xx", "4xx", "5xx"]


class RequestsQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `before` is the id of a request, and continues a list."""

    status: StatusClass | None = None
    code: Annotated[str, Meta(pattern="^[a-z_]{1,40}$")] | None = None
    method: Literal["GET", "POST", "HEAD"] | None = None
    key: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    text: Annotated[str, Meta(max_length=200)] | None = None
    before: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None

    @property
    def chosen(self) -> RequestFilter:
        """The requests to list."""
        status = None if self.status is None else int(self.status[0])
        return RequestFilter(status, self.code, self.key, self.method, self.text)


async def show(call: PageCall) -> Response:
    """Show a page of the list."""
    query: RequestsQuery = call.query
    pool, account_id = call.services.pool, call.session.account_id
    page = await list_requests(pool, account_id, query.chosen, before=query.before, limit=PAGE_SIZE)
    keys = await list_account_keys(pool, account_id)
    filters = {name: value for name in FILTERS if (value := getattr(query, name)) is not None}
    return call.render(
        "requests.html",
        requests=page.requests,
        errors=await count_codes(pool, account_id),
        older=None if page.next is None else f"{PATH}?{urlencode(filters | {'before': page.next})}",
        first=f"{PATH}?{urlencode(filters)}" if filters else PATH,
        walked=page.walked,
        filters=filters,
        exported=urlencode(filters),
        query=query,
        keys=keys,
        key_names={key.id: key.name for key in keys},
        kept_days=call.services.request_log_days,
    )


PAGES = (PageRoute("GET", PATH, show, Access.VIEWER, RequestsQuery),)
