"""Tables in partitions by time, so that old rows go with their partition: without deletes, and without free space left.

`requests_20261126` is a partition of `requests` that begins on that day, in UTC. `requests_before_20261126` has the
rows from before the table was partitioned, and `requests_default` those for which no partition was there
(docs/decisions/0025-partitions.md).
"""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import structlog

from linkskipper.database.pool import Connection
from linkskipper.errors import DatabaseUnavailable, LockTimeout

log = structlog.get_logger()

AHEAD = 3  # partitions after the present one
LOCK_TIMEOUT = "200ms"  # while a change waits for a lock, others wait behind it
LOCK_TRIES = 20
RETRY_SECONDS = 0.5
LARGE = 8 << 20  # bytes. A smaller default partition is read in some milliseconds
CHECK_SECONDS = 600
MORE_SECONDS = 10  # until the connection is given up: the server stops the check before
LOCK = 0x4C535054  # "LSPT": one process makes partitions at a time
EPOCH = datetime.fromtimestamp(0, UTC)
NEVER = datetime.max.replace(tzinfo=UTC)

NAMES = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = $1::text::regclass
ORDER BY relname
"""
CREATE = "CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ('{since}') TO ('{until}');"
SIZE = "SELECT pg_relation_size($1::text::regclass)"
HAS_ROWS = "SELECT EXISTS (SELECT FROM {default} WHERE {column} >= '{since}' AND {column} < '{until}')"
ADD_CHECK = """
ALTER TABLE {default} ADD CONSTRAINT {name}_apart CHECK ({column} < '{since}' OR {column} >= '{until}') NOT VALID
"""
VALIDATE_CHECK = "ALTER TABLE {default} VALIDATE CONSTRAINT {name}_apart"
HAS_CHECK = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = $1)"
DROP_CHECK = "ALTER TABLE {default} DROP CONSTRAINT IF EXISTS {name}_apart"


class PartitionedTable(msgspec.Struct, frozen=True):
    """A table whose partitions have `days` days each. Those of seven days begin on Mondays.

    `column` decides on the partition of a row. `bound` writes its first value of a moment.
    """

    name: str
    column: str
    days: int
    bound: Callable[[datetime], object]

    @property
    def width(self) -> timedelta:
        """The time that one partition holds."""
        return timedelta(days=self.days)

    @property
    def default(self) -> str:
        """The partition of rows that have no other one."""
        return f"{self.name}_default"


class Partition(msgspec.Struct, frozen=True):
    """A partition with rows from `since` to `until`. The first one begins at EPOCH. The default one ends at NEVER."""

    name: str
    since: datetime
    until: datetime

    @property
    def is_regular(self) -> bool:
        """Tell whether it has the rows of one width. Others are too wide to be deleted as a whole in time."""
        return self.since > EPOCH

    def ends_by(self, moment: datetime) -> bool:
        """Tell whether it has only rows from before a moment."""
        return self.until <= moment


async def list_partitions(connection: Connection, table: PartitionedTable) -> list[Partition]:
    """Return the partitions of a table."""
    return [_parse(row["relname"], table) for row in await connection.fetch(NAMES, table.name)]


async def create_partitions(connection: Connection, table: PartitionedTable, now: datetime) -> None:
    """Create the partition of the present and those AHEAD that the table lacks, until one stays locked.

    The default partition keeps a range of which it has rows, as a clock that was wrong may have left them. So it does
    with the present, once it is LARGE.
    """
    partitions = await list_partitions(connection, table)
    known = {partition.name for partition in partitions}
    covered = [each.until for each in partitions if not each.is_regular and each.until < NEVER]
    first = _start(now, table.days)
    for since in (first + number * table.width for number in range(AHEAD + 1)):
        name = f"{table.name}_{since:%Y%m%d}"
        if name in known or any(since < until for until in covered):
            continue
        until = since + table.width
        new = _NewPartition(table, name, table.bound(since), table.bound(until), is_present=since <= now)
        if not await _create(connection, new):
            return


class _NewPartition(msgspec.Struct, frozen=True):
    """A partition to create. `since` and `until` are its bounds. It is the present one if rows for it come now."""

    table: PartitionedTable
    name: str
    since: object
    until: object
    is_present: bool

    def write(self, statement: str) -> str:
        """Fill a statement in."""
        return statement.format(
            name=self.name,
            table=self.table.name,
            column=self.table.column,
            default=self.table.default,
            since=self.since,
            until=self.until,
        )


async def _create(connection: Connection, new: _NewPartition) -> bool:
    """Create a partition, unless the default one has rows of it. Return False if a table stayed locked.

    PostgreSQL reads the whole default partition under its lock to look for such rows, unless a check says that there
    are none. A large one is checked before the lock. Until the partition is there, it refuses rows of it, so the rows
    of the present stay in a large one.
    """
    if await connection.fetchval(new.write(HAS_ROWS)):
        return await _drop_check(connection, new)
    try:
        if await connection.fetchval(SIZE, new.table.default) <= LARGE:
            return await _give_way(connection, new.name, new.write(CREATE))
        if new.is_present:
            return await _drop_check(connection, new)
        return await _check(connection, new) and await _give_way(connection, new.name, new.write(CREATE + DROP_CHECK))
    except (asyncpg.CheckViolationError, asyncpg.UndefinedObjectError):  # a row came, which another process noticed too
        return await _drop_check(connection, new)


async def _check(connection: Connection, new: _NewPartition) -> bool:
    """Have the default partition checked for rows of a new one while others read and write it.

    Return False if a table stayed locked, or the check took too long.

    Raises:
        asyncpg.CheckViolationError: it has such rows.
    """
    try:
        if not await _give_way(connection, new.name, new.write(ADD_CHECK)):
            return False
    except asyncpg.DuplicateObjectError:
        pass  # a process added it that was stopped before the partition was there
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL statement_timeout = '{CHECK_SECONDS}s'")
            await connection.execute(new.write(VALIDATE_CHECK), timeout=CHECK_SECONDS + MORE_SECONDS)
    except DatabaseUnavailable:
        if connection.is_closed():
            raise
        log.warning("database.partition_unchecked", partition=new.name, seconds=CHECK_SECONDS)
        await _drop_check(connection, new)
        return False
    return True


async def _drop_check(connection: Connection, new: _NewPartition) -> bool:
    """Drop the check of a partition that is not created. Return False if the default one stayed locked."""
    if not await connection.fetchval(HAS_CHECK, f"{new.name}_apart"):
        return True
    return await _give_way(connection, new.name, new.write(DROP_CHECK))


async def drop_partition(connection: Connection, partition: Partition) -> bool:
    """Drop a partition with its rows. Return False if it stayed locked, so that the next retention tries again."""
    return await _give_way(connection, partition.name, f"DROP TABLE {partition.name}")


async def _give_way(connection: Connection, name: str, statement: str) -> bool:
    """Run a statement that needs a lock on a whole table. It gives way to others between its tries."""
    for _ in range(LOCK_TRIES):
        try:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                await connection.execute(statement)
                return True
        except (LockTimeout, asyncpg.DeadlockDetectedError):
            await asyncio.sleep(RETRY_SECONDS)
    log.warning("database.partition_locked", partition=name)
    return False


def _parse(name: str, table: PartitionedTable) -> Partition:
    """Read the bounds of a partition from its name."""
    found = re.fullmatch(r"(before_)?(\d{8})", name.removeprefix(f"{table.name}_"))
    if found is None:
        return Partition(name, EPOCH, NEVER)
    day = datetime.strptime(found[2], "%Y%m%d").replace(tzinfo=UTC)
    return Partition(name, EPOCH if found[1] else day, day if found[1] else day + table.width)


def _start(moment: datetime, days: int) -> datetime:
    """Return the beginning of the partition of a moment. Day 1 of the calendar was a Monday."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=(day.toordinal() - 1) % days)
