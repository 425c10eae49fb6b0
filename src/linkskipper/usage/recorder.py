"""Write the counts of a process in batches, off the way of requests. A crash loses a few seconds of them."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from linkskipper.database import Connection, Pool
from linkskipper.database.batch_delete import in_batches
from linkskipper.errors import DatabaseUnavailable
from linkskipper.periodic import Periodic
from linkskipper.usage import queries
from linkskipper.usage.counter import COLUMNS, UsageCounter, UsageKey
from linkskipper.usage.owner import UsageOwner

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
        counts = self._counter.take()
        if not counts:
            return
        columns = zip(*((*key, *row) for key, row in sorted(_by_owner(counts).items())), strict=True)
        try:
            await self._pool.execute(queries.ADD, *map(list, columns))
        except (DatabaseUnavailable, asyncio.CancelledError):
            for key, row in counts.items():
                self._counter.add_row(key, row)
            raise

    async def finish(self) -> None:
        """Write what is left when the process stops. Drop it if the database is away."""
        with suppress(DatabaseUnavailable):
            await self.flush()


def _by_owner(counts: Mapping[UsageKey, Sequence[int]]) -> Mapping[tuple[str, int], Sequence[int]]:
    """Sum up the counts of each owner in each hour."""
    sums: defaultdict[tuple[str, int], Sequence[int]] = defaultdict(lambda: [0] * COLUMNS)
    for (hour, account_id, key_id, provider), row in counts.items():
        for owner in (UsageOwner(account_id=account_id), UsageOwner(key_id=key_id), UsageOwner(provider=provider)):
            key = (owner.name, hour)
            sums[key] = [a + b for a, b in zip(sums[key], row, strict=True)]
    return sums


async def prune_hourly_usage(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete the hours that are older than `keep`, `batch` rows a statement. Return the number deleted."""
    return await in_batches(connection, queries.PRUNE, keep, batch=batch)
