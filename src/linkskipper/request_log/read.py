"""Read the request log of an account."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from linkskipper.database import Pool
from linkskipper.request_log import queries

MAX_WALKED = 5000  # requests that a page with filters looks at
COUNTED = 1000  # newest requests whose errors are counted


class RequestFilter(msgspec.Struct, frozen=True):
    """The requests to list. None selects everything.

    `status` is the first digit of the status. `text` is a part of the path, or a whole request id.
    """

    status: int | None = None
    code: str | None = None
    key_id: int | None = None
    method: str | None = None
    text: str | None = None


class RequestRow(msgspec.Struct, frozen=True):
    """A request in a list. LoggedRequest explains the fields."""

    id: int
    at: datetime
    key_id: int
    request_id: str
    method: str
    path: str
    status: int
    code: str | None
    milliseconds: float
    job_id: UUID | None


class RequestRows(msgspec.Struct, frozen=True):
    """A page of requests, newest first. `next` continues the walk, None at the end. `walked` is true for a page that
    stopped at MAX_WALKED requests.
    """

    requests: Sequence[RequestRow]
    next: int | None
    walked: bool


class CodeCount(msgspec.Struct, frozen=True):
    """How many of the newest COUNTED requests had an error code, and the time of the last one."""

    code: str
    requests: int
    last_at: datetime


async def list_requests(
    pool: Pool, account_id: int, chosen: RequestFilter, *, before: int | None, limit: int
) -> RequestRows:
    """Return a page of requests before an id."""
    filters = (chosen.status, chosen.code, chosen.key_id, chosen.method, chosen.text)
    rows = await pool.fetch(queries.LIST, account_id, before, MAX_WALKED, limit, *filters)
    requests = [RequestRow(**{name: row[name] for name in RequestRow.__struct_fields__}) for row in rows if row["id"]]
    if len(requests) == limit:
        return RequestRows(requests, requests[-1].id, walked=False)
    last = rows[0]["last_walked"] if rows else None
    return RequestRows(requests, last, walked=last is not None)


async def count_codes(pool: Pool, account_id: int) -> list[CodeCount]:
    """Count the errors among the newest requests, the most frequent first."""
    return [CodeCount(**row) for row in await pool.fetch(queries.COUNT_CODES, account_id, COUNTED)]
