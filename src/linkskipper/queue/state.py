"""The state of the queues, as operators see it."""

import msgspec

from linkskipper.database import Connection, Pool

STATE = """
SELECT count(*) FILTER (WHERE status = 'queued' AND execute_after <= now()) AS waiting,
    count(*) FILTER (WHERE status = 'picked') AS in_progress,
    coalesce(extract(epoch FROM now() - min(created) FILTER (WHERE status = 'queued' AND execute_after <= now())), 0)
        ::float8 AS oldest_seconds
FROM pgqueuer WHERE entrypoint = ANY($1::text[])
"""


class QueueState(msgspec.Struct, frozen=True):
    """The entries of queues: how many wait or are in progress, and how long the oldest one that is due has waited."""

    waiting: int
    in_progress: int
    oldest_seconds: float


async def read_queue_state(connection: "Connection | Pool", queues: list[str]) -> QueueState:
    """Read the state of queues together. The cost grows with the number of entries."""
    row = await connection.fetchrow(STATE, queues)
    assert row is not None  # noqa: S101 - an aggregate has one row
    return QueueState(**row)
