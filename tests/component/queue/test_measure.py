"""The metrics of the queues."""

import asyncio
from datetime import timedelta

from prometheus_client import REGISTRY

from linkskipper.database import Pool
from linkskipper.queue import NewQueueItem, enqueue, list_queue_entries, measuring, read_depths

QUEUE, EMPTY = "measured", "measured-empty"
LOSE = "UPDATE pgqueuer SET status = 'picked', heartbeat = now() - interval '61 s' WHERE payload = 'lost'"
AGE = """
UPDATE pgqueuer SET created = now() - interval '90 s', execute_after = now() - interval '90 s' WHERE payload = 'old'
"""


def value(name: str, queue: str) -> float | None:
    return REGISTRY.get_sample_value(f"linkskipper_queue_{name}", {"queue": queue})


async def test_the_oldest_entry(pool: Pool) -> None:
    """The age is that of the entry that has been due for longest, also when an entry before it became due later."""
    async with pool.acquire() as connection:
        await enqueue(connection, [NewQueueItem("ages", b"again"), NewQueueItem("ages", b"old")])
        await connection.execute(AGE)
    [depth] = await read_depths(pool, ["ages"])
    [new, old] = await list_queue_entries(pool, ["ages"], "queued", limit=10)
    assert (depth.waiting, depth.oldest) == (2, old.execute_after)
    assert new.execute_after > old.execute_after


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
