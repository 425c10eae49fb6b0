"""Walk through a long list of rows, a page at a time, newest first. A page looks at a bounded number of rows.

The statements of `walk_statement` take these parameters: $1 the id before which the page begins (NULL for the newest
row), $2 the number of rows to look at, $3 the number of rows to return, $4 the owner. $5 and more the filter.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from linkskipper.database.pool import Pool

RowT = TypeVar("RowT")
IdT = TypeVar("IdT", int, UUID)

# The first row has the id of the last row that was looked at, or NULL at the end of the list.
_STATEMENT = """
WITH walked AS MATERIALIZED (
    SELECT {columns} FROM {table} WHERE {owned} AND ($1::{id_type} IS NULL OR id < $1) ORDER BY {order} LIMIT $2
), listed AS (
    SELECT * FROM walked WHERE {chosen} ORDER BY id DESC LIMIT $3
)
SELECT listed.*, last_walked
FROM (SELECT (SELECT id FROM walked ORDER BY id DESC OFFSET $2 - 1 LIMIT 1) AS last_walked) AS walk
LEFT JOIN listed ON true
ORDER BY listed.id DESC
"""


class Walk(msgspec.Struct, Generic[RowT, IdT], frozen=True):
    """A page of rows. `next` continues the walk, None at the end.

    `cut_at` is the number of rows that the page looked at if it stopped for that reason, with fewer rows than it may
    have.
    """

    rows: Sequence[RowT]
    next: IdT | None
    cut_at: int | None = None


class _HasId(Protocol):
    @property
    def id(self) -> Any: ...


HasIdT = TypeVar("HasIdT", bound=_HasId)


def first_of(rows: Sequence[HasIdT], limit: int) -> Walk[HasIdT, Any]:
    """Return a page of `limit` rows with an id. One row more was read, to know whether the walk goes on."""
    return Walk(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def walk_statement(*, columns: str, table: str, chosen: str, owner: str | None = None, id_type: str = "bigint") -> str:
    """Return the statement of a walk through the rows of an owner, or through all rows.

    `chosen` is the condition of the filter. `owner` is a column with an index on it and the id. A range of one value,
    where `=` would do, keeps the planner on that index.
    """
    return _STATEMENT.format(
        columns=columns,
        table=table,
        chosen=chosen,
        id_type=id_type,
        owned="$4::bigint IS NULL" if owner is None else f"{owner} BETWEEN $4 AND $4",
        order="id DESC" if owner is None else f"{owner} DESC, id DESC",
    )


async def walk(
    pool: Pool,
    statement: str,
    make: Callable[[asyncpg.Record], RowT],
    *,
    before: IdT | None,
    looks_at: int,
    limit: int,
    owner: int | None,
    chosen: Sequence[object],
) -> Walk[RowT, IdT]:
    """Return a page of at most `limit` rows before an id. `chosen` has the values of the filter, all None for none.

    Without a filter, a page looks at the rows that it returns, and at one more. With one, it looks at `looks_at` rows.
    """
    if all(value is None for value in chosen):
        looks_at = limit + 1
    records = await pool.fetch(statement, before, looks_at, limit + 1, owner, *chosen)
    rows = [make(record) for record in records[:limit] if record["id"] is not None]
    if len(records) > limit:
        return Walk(rows, records[limit - 1]["id"])
    last = records[0]["last_walked"]
    return Walk(rows, last, None if last is None else looks_at)
