"""Delete old deliveries, their attempts, and hosts without deliveries."""

from datetime import UTC, datetime, timedelta

from linkskipper.database import Connection
from linkskipper.database.batch_delete import in_batches
from linkskipper.database.ids import first_id
from linkskipper.database.partitions import Partition, PartitionedTable, drop_partition, list_partitions
from linkskipper.webhooks import queries

ATTEMPTS = PartitionedTable("webhook_attempts", "delivery_id", days=7, bound=first_id)


async def prune_deliveries(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete deliveries older than `keep` that are not waiting for an attempt. Return the number deleted.

    A delivery to a paused host waits for an attempt only if it is a manual redelivery. `drop_attempts` and
    `prune_attempts` delete the attempts.
    """
    deleted = await in_batches(connection, queries.PRUNE, first_id(datetime.now(UTC) - keep), batch=batch)
    await connection.execute(queries.PRUNE_HOSTS)
    return deleted


async def drop_attempts(connection: Connection, keep: timedelta) -> int:
    """Drop the partitions of attempts whose deliveries are older than `keep` and deleted. Return their number."""
    oldest = datetime.now(UTC) - keep
    old = [each for each in await list_partitions(connection, ATTEMPTS) if each.ends_by(oldest)]
    unused = [partition for partition in old if not await _has_deliveries(connection, partition)]
    return sum([await drop_partition(connection, partition) for partition in unused])


async def prune_attempts(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete attempts whose delivery was deleted, from the partitions that cannot be dropped in time.

    Attempts of a week that is not over at that time stay until the week is dropped. Nobody sees them.
    """
    oldest = datetime.now(UTC) - keep
    partitions = await list_partitions(connection, ATTEMPTS)
    tables = [each.name for each in partitions if each.ends_by(oldest) or not each.is_regular]
    statements = [queries.PRUNE_ATTEMPTS.format(table=table) for table in tables]
    return sum([await in_batches(connection, statement, first_id(oldest), batch=batch) for statement in statements])


async def _has_deliveries(connection: Connection, partition: Partition) -> bool:
    """Tell whether deliveries are left whose attempts are in a partition."""
    bounds = first_id(partition.since), first_id(partition.until)
    has: bool = await connection.fetchval(queries.HAS_DELIVERIES, *bounds)
    return has
