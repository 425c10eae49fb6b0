"""Delete old deliveries, and hosts without deliveries."""

from datetime import UTC, datetime, timedelta

from linkskipper.database import Connection
from linkskipper.database.batch_delete import in_batches
from linkskipper.database.ids import first_id
from linkskipper.webhooks import queries


async def prune_deliveries(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete deliveries older than `keep` that are not waiting for an attempt. Return the number deleted.

    A delivery to a paused host waits for an attempt only if it is a manual redelivery.
    """
    deleted = await in_batches(connection, queries.PRUNE, first_id(datetime.now(UTC) - keep), batch=batch)
    await connection.execute(queries.PRUNE_HOSTS)
    return deleted
