"""Forgetting deliveries that are old, and hosts that nothing is delivered to any more."""

from datetime import UTC, datetime, timedelta

from linkskipper.database import Connection
from linkskipper.database.batch_delete import in_batches
from linkskipper.database.ids import first_id
from linkskipper.webhooks import queries


async def prune_deliveries(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Remove deliveries queued so long ago, unless they are still being tried; returns how many.

    What waits at a paused host is not being tried, unless it is sent again by hand.
    """
    removed = await in_batches(connection, queries.PRUNE, first_id(datetime.now(UTC) - keep), batch=batch)
    await connection.execute(queries.PRUNE_HOSTS)
    return removed
