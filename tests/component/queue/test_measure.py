"""The metrics of the queues."""

import asyncio
from datetime import timedelta

from prometheus_client import REGISTRY

from linkskipper.database import Pool
from linkskipper.queue import NewQueueItem, enqueue, measuring

QUEUE, EMPTY = "measured", "measured-empty"
LOSE = "UPDATE pgqueuer SET status = 'picked', heartbeat = now() - interval '61 s' WHERE payload = 'lost'"
AGE = """
UPDATE pgqueuer SET created = now() - interval '90 s', execute_after = now() - interval '90 s' WHERE payload = 'old'
"""


def value(name: str, queue: str) -> float | None:
    return REGISTRY.get_sample_value(f"linkskipper_queue_{name}", {"queue": queue})


async def test_queues_are_measured(pool: Pool) -> None:
    """Entries that are due are counted, later ones are not. The oldest one has its age, lost ones are counted apart."""
    later = NewQueueItem(QUEUE, b"later", timedelta(hours=1))
    async with pool.acquire() as connection:
        await enqueue(connection, [*(NewQueueItem(QUEUE, name) for name in (b"old", b"new", b"lost")), later])
        await connection.execute(LOSE)
        await connection.execute(AGE)
    task = measuring(pool, [QUEUE, EMPTY]).start()
    while value("lost", EMPTY) is None:
        await asyncio.sleep(0.01)
    task.cancel()
    assert (value("waiting", QUEUE), value("lost", QUEUE)) == (2, 1)
    assert 90 <= (value("oldest_seconds", QUEUE) or 0) < 150
    assert [value(name, EMPTY) for name in ("waiting", "oldest_seconds", "lost")] == [0, 0, 0]
