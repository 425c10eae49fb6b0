"""Read the request log of an account."""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from linkskipper.database import Pool
from linkskipper.database.walk import Walk, walk
from linkskipper.request_log import queries

MAX_WALKED = 5000  # requests that a page with filters looks at
COUNTED_REQUESTS = 1000  # newest requests whose errors are counted


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


class CodeCount(msgspec.Struct, frozen=True):
    """How many of the newest COUNTED_REQUESTS requests had an error code, and the time of the last one."""

    code: str
    requests: int
    last_at: datetime


async def list_requests(
    pool: Pool, account_id: int, chosen: RequestFilter, *, before: int | None, limit: int
) -> Walk[RequestRow, int]:
    """Return a page of requests before an id."""
    return await walk(
        pool,
        queries.LIST,
        _row,
        before=before,
        looks_at=MAX_WALKED,
        limit=limit,
        owner=account_id,
        chosen=msgspec.structs.astuple(chosen),
    )


async def count_codes(pool: Pool, account_id: int) -> list[CodeCount]:
    """Count the errors among the newest requests, the most frequent first."""
    return [CodeCount(**row) for row in await pool.fetch(queries.COUNT_CODES, account_id, COUNTED_REQUESTS)]


def _row(record: asyncpg.Record) -> RequestRow:
    return RequestRow(**{name: record[name] for name in RequestRow.__struct_fields__})
