"""The entries of queues, as operators see and change them. No reading counts more than it shows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from linkskipper.database import Connection, Pool

COUNTED_ENTRIES = 10_000
LOST_AFTER = timedelta(minutes=1)  # without a heartbeat. Workers send several in that time

DEPTHS = """
SELECT queue, waiting, oldest,
    (SELECT count(*) FROM (SELECT FROM pgqueuer WHERE entrypoint = queue AND status = 'picked' LIMIT $2) AS picked)
        AS in_progress,
    (SELECT count(*) FROM (
        SELECT FROM pgqueuer WHERE entrypoint = queue AND status = 'picked' AND heartbeat < now() - $3::interval
        LIMIT $2
    ) AS lost) AS lost
FROM unnest($1::text[]) AS queue,
    LATERAL (SELECT count(*) AS waiting, min(due_at) AS oldest FROM (
        SELECT greatest(created, execute_after) AS due_at FROM pgqueuer
        WHERE entrypoint = queue AND status = 'queued' AND execute_after <= now() ORDER BY id LIMIT $2
    ) AS counted) AS due
"""

ENTRIES = """
SELECT id, entrypoint AS queue, payload, status = 'picked' AS in_progress, created, execute_after, heartbeat,
    status = 'picked' AND heartbeat < now() - $4::interval AS is_lost, priority
FROM pgqueuer WHERE entrypoint = ANY($1::text[]) AND status = $2 ORDER BY id LIMIT $3
"""

RUN_NEXT = """
UPDATE pgqueuer SET priority = 1, execute_after = least(execute_after, now())
WHERE id = $1 AND entrypoint = ANY($2::text[]) AND status = 'queued' AND priority < 1
RETURNING payload
"""


class QueueDepth(msgspec.Struct, frozen=True):
    """The entries of a queue: due, in progress, and in progress without a heartbeat for LOST_AFTER. Each number is
    counted up to COUNTED_ENTRIES. `oldest` is the time when the first of the counted entries that wait became due.
    """

    queue: str
    waiting: int
    in_progress: int
    lost: int
    oldest: datetime | None


class QueueEntry(msgspec.Struct, frozen=True):
    """An entry of a queue."""

    id: int
    queue: str
    payload: bytes
    in_progress: bool
    created: datetime
    execute_after: datetime
    heartbeat: datetime
    is_lost: bool
    priority: int


async def read_depths(pool: Pool, queues: Sequence[str]) -> list[QueueDepth]:
    """Count the entries of queues."""
    rows = await pool.fetch(DEPTHS, list(queues), COUNTED_ENTRIES, LOST_AFTER)
    return [QueueDepth(**row) for row in rows]


async def list_queue_entries(
    pool: Pool, queues: Sequence[str], status: Literal["queued", "picked"], *, limit: int
) -> list[QueueEntry]:
    """List the oldest entries of queues that wait or are in progress."""
    return [QueueEntry(**row) for row in await pool.fetch(ENTRIES, list(queues), status, limit, LOST_AFTER)]


async def run_next(connection: Connection, queues: Sequence[str], entry_id: int) -> bytes | None:
    """Put an entry that waits before the others. Return its payload, or None if it no longer waits, or is first."""
    payload: bytes | None = await connection.fetchval(RUN_NEXT, entry_id, list(queues))
    return payload
