"""Delete old jobs and idempotency keys."""

from datetime import UTC, datetime, timedelta

from linkskipper.database import Connection
from linkskipper.database.batch_delete import in_batches
from linkskipper.database.ids import first_id
from linkskipper.jobs import queries


async def prune_idempotency_keys(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete keys that were first used more than `keep` ago, `batch` rows a statement. Return the number deleted."""
    return await in_batches(connection, queries.PRUNE_IDEMPOTENCY_KEYS, keep, batch=batch)


async def prune_jobs(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete ended jobs that were submitted more than `keep` ago, `batch` rows a statement. Return the number deleted.

    Jobs under way stay, whatever their age.
    """
    return await in_batches(connection, queries.PRUNE_JOBS, first_id(datetime.now(UTC) - keep), batch=batch)
