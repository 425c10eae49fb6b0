"""The connections that the guard refused, by host and reason. They are written in batches, off the way of links."""

import asyncio
from datetime import datetime, timedelta

import msgspec

from linkskipper.audit import queries
from linkskipper.database import Connection, Pool
from linkskipper.database.batch_delete import in_batches
from linkskipper.egress import RefusalCounter
from linkskipper.errors import DatabaseUnavailable
from linkskipper.metrics import EGRESS_REFUSALS
from linkskipper.periodic import Periodic

FLUSH_SECONDS = 5
SEARCHED_REFUSALS = 5000


class RefusalRow(msgspec.Struct, frozen=True):
    """A host that was refused for a reason, with the number of times."""

    host: str
    reason: str
    count: int
    first_at: datetime
    last_at: datetime


class RefusalRecorder:
    """Writes the refusals of a service. While the database is away, they wait for the next time."""

    def __init__(self, pool: Pool, counter: RefusalCounter) -> None:
        self._pool = pool
        self._counter = counter

    def periodic(self) -> Periodic:
        """Return the writing to repeat."""
        return Periodic("refusals.flush", self.flush, every=FLUSH_SECONDS)

    async def flush(self) -> None:
        """Write what was refused since the last time.

        Raises:
            DatabaseUnavailable: nothing was written. The refusals stay.
        """
        counts = sorted(self._counter.take().items())
        if not counts:
            return
        rows = [(kind.host, kind.reason, count) for kind, count in counts]
        try:
            await self._pool.execute(queries.ADD_REFUSALS, *map(list, zip(*rows, strict=True)))
        except (DatabaseUnavailable, asyncio.CancelledError):
            for kind, count in counts:
                self._counter.add(*kind, times=count)
            raise
        EGRESS_REFUSALS.inc(sum(count for _, count in counts))


async def list_refusals(pool: Pool, text: str | None, *, limit: int) -> list[RefusalRow]:
    """List the newest refusals. A text that is not None is a part of the host or of the reason."""
    return [RefusalRow(**row) for row in await pool.fetch(queries.REFUSALS, text, limit, SEARCHED_REFUSALS)]


async def prune_refusals(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete hosts that were not refused for `keep`, `batch` rows a statement. Return the number deleted."""
    return await in_batches(connection, queries.PRUNE_REFUSALS, keep, batch=batch)
