"""Write the counts of a process in batches, off the way of requests. A crash loses a few seconds of them."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from linkskipper.database import Connection, Pool
from linkskipper.database.batch_delete import in_batches
from linkskipper.errors import DatabaseUnavailable
from linkskipper.periodic import Periodic
from linkskipper.usage import queries
from linkskipper.usage.counter import UsageCounter

FLUSH_SECONDS = 5


class UsageRecorder:
    """Writes the counts of a service. While the database is away, they wait for the next time."""

    def __init__(self, pool: Pool, counter: UsageCounter) -> None:
        self._pool = pool
        self._counter = counter

    def periodic(self) -> Periodic:
        """Return the writing to repeat."""
        return Periodic("usage.flush", self.flush, every=FLUSH_SECONDS)

    async def flush(self) -> None:
        """Write what was counted since the last time.

        Raises:
            DatabaseUnavailable: nothing was written. The counts stay.
        """
        counts = sorted(self._counter.take().items())
        if not counts:
            return
        columns = zip(*((*key, *row) for key, row in counts), strict=True)
        try:
            await self._pool.execute(queries.ADD, *map(list, columns))
        except (DatabaseUnavailable, asyncio.CancelledError):
            for key, row in counts:
                self._counter.add_row(key, row)
            raise

    async def finish(self) -> None:
        """Write what is left when the process stops. Drop it if the database is away."""
        with suppress(DatabaseUnavailable):
            await self.flush()


async def prune_hourly_usage(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete the hours that are older than `keep`, `batch` rows a statement. Return the number deleted."""
    return await in_batches(connection, queries.PRUNE, keep, batch=batch)
