"""Queue entries, and how to put new ones into their queues."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from pgqueuer import Queries
from pgqueuer.db import AsyncpgDriver

from linkskipper.database import Connection


class QueueItem(msgspec.Struct, frozen=True):
    """An entry that a worker has taken from the queue of that name."""

    id: int
    queue: str
    payload: bytes


class NewQueueItem(msgspec.Struct, frozen=True):
    """An entry for the queue of that name. Workers take higher priorities first, and none before its delay is over."""

    queue: str
    payload: bytes
    delay: timedelta = timedelta()
    priority: int = 0


async def enqueue(connection: Connection, items: Sequence[NewQueueItem]) -> list[int]:
    """Put entries into their queues, inside the transaction of the connection. Return their ids."""
    return list(
        await pgqueuer_queries(connection).enqueue(
            [item.queue for item in items],
            [item.payload for item in items],
            [item.priority for item in items],
            [item.delay for item in items],
        )
    )


def pgqueuer_queries(connection: Connection) -> Queries:
    """Return PgQueuer's statements on a connection of ours."""
    return Queries(AsyncpgDriver(connection))  # type: ignore[arg-type]
