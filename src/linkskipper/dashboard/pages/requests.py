"""The log of API requests. Its filters are in its address."""

from typing import Annotated, Literal

from msgspec import Meta
from starlette.responses import Response

from linkskipper.accounts import list_account_keys
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery, list_values
from linkskipper.request_log import (
    COUNTED_REQUESTS,
    FAILURES_PER_MINUTE,
    SUCCESSES_PER_SECOND,
    RequestFilter,
    count_codes,
    list_requests,
)

PATH = "/dashboard/requests"
PAGE_SIZE = 50
StatusClass = Literal["2xx", "4xx", "5xx"]


class RequestsQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `before` is the id of a request, and continues a list."""

    status: StatusClass | None = None
    code: Annotated[str, Meta(pattern="^[a-z_]+$", max_length=LIMITS.error_code)] | None = None
    method: Literal["GET", "POST", "HEAD"] | None = None
    key: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    text: Annotated[str, Meta(max_length=LIMITS.search)] | None = None
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
    return call.render(
        "requests.html",
        **list_values(PATH, query, page),
        requests=page.rows,
        errors=await count_codes(pool, account_id),
        counted=COUNTED_REQUESTS,
        successes=SUCCESSES_PER_SECOND,
        failures=FAILURES_PER_MINUTE,
        keys=keys,
        key_names={key.id: key.name for key in keys},
        kept_days=call.services.request_log_days,
    )


PAGES = (PageRoute("GET", PATH, show, Access.VIEWER, RequestsQuery),)
