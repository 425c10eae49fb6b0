"""Forgetting jobs and idempotency keys that are old."""

from datetime import UTC, datetime, timedelta

from linkskipper.database import Connection
from linkskipper.database.batch_delete import in_batches
from linkskipper.database.ids import first_id
from linkskipper.jobs import queries


async def prune_idempotency_keys(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Remove keys first used so long ago; returns how many."""
    return await in_batches(connection, queries.PRUNE_IDEMPOTENCY_KEYS, keep, batch=batch)


async def prune_jobs(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Remove ended jobs made so long ago; returns how many."""
    return await in_batches(connection, queries.PRUNE_JOBS, first_id(datetime.now(UTC) - keep), batch=batch)
