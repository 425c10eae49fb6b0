"""Measure the queues for /metrics."""

from collections.abc import Sequence
from datetime import UTC, datetime

from linkskipper.database import Pool
from linkskipper.metrics import QUEUE_LOST, QUEUE_OLDEST_SECONDS, QUEUE_WAITING
from linkskipper.periodic import Periodic
from linkskipper.queue.entries import read_depths

MEASURE_SECONDS = 10


def measuring(pool: Pool, queues: Sequence[str]) -> Periodic:
    """Return the measuring to repeat."""

    async def measure() -> None:
        now = datetime.now(UTC)
        for depth in await read_depths(pool, queues):
            QUEUE_WAITING.labels(depth.queue).set(depth.waiting)
            QUEUE_LOST.labels(depth.queue).set(depth.lost)
            age = 0.0 if depth.oldest is None else (now - depth.oldest).total_seconds()
            QUEUE_OLDEST_SECONDS.labels(depth.queue).set(max(age, 0.0))

    return Periodic("queue.measure", measure, every=MEASURE_SECONDS)
