"""Delete old rows of the request log."""

from datetime import timedelta

from linkskipper.database import Connection
from linkskipper.database.batch_delete import in_batches
from linkskipper.request_log import queries


async def prune_requests(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete requests that were made more than `keep` ago, `batch` rows a statement. Return the number deleted."""
    return await in_batches(connection, queries.PRUNE, keep, batch=batch)
