"""Delete old rows of the request log: days as a whole, and rows of the partitions that have more than a day."""

from datetime import UTC, datetime, timedelta

from linkskipper.database import Connection
from linkskipper.database.batch_delete import in_batches
from linkskipper.database.partitions import PartitionedTable, drop_partition, list_partitions
from linkskipper.request_log import queries

REQUESTS = PartitionedTable("requests", "at", days=1, bound=datetime.isoformat)


async def drop_requests(connection: Connection, keep: timedelta) -> int:
    """Drop the partitions whose requests were all made more than `keep` ago. Return the number dropped."""
    oldest = datetime.now(UTC) - keep
    partitions = [each for each in await list_partitions(connection, REQUESTS) if each.ends_by(oldest)]
    return sum([await drop_partition(connection, partition) for partition in partitions])


async def prune_requests(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete requests that were made more than `keep` ago, `batch` rows a statement. Return the number deleted.

    Requests of a day that is not over at that time stay until the day is dropped, unless less than a day is kept.
    """
    oldest = datetime.now(UTC) - keep
    partitions = await list_partitions(connection, REQUESTS)
    tables = [each.name for each in partitions if not each.is_regular]
    if keep < REQUESTS.width:
        tables = [REQUESTS.name]
    statements = [queries.PRUNE.format(table=table) for table in tables]
    return sum([await in_batches(connection, statement, oldest, batch=batch) for statement in statements])
