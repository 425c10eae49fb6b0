"""What a database server says about itself."""

import msgspec

from linkskipper.database.pool import Pool

TABLE_SIZES = """
SELECT whole.relname AS name, sum(nullif(part.reltuples, -1))::bigint AS rows,
    sum(pg_total_relation_size(part.oid))::bigint AS bytes
FROM pg_class AS part JOIN pg_class AS whole ON whole.oid = coalesce(pg_partition_root(part.oid), part.oid)
JOIN pg_namespace ON pg_namespace.oid = whole.relnamespace
WHERE nspname = current_schema() AND part.relkind = 'r' GROUP BY whole.relname ORDER BY bytes DESC
"""


class TableSize(msgspec.Struct, frozen=True):
    """A table with its partitions and indexes. The server estimates the rows. `rows` is None until it has done so."""

    name: str
    rows: int | None
    bytes: int


async def read_server_version(pool: Pool) -> str:
    """Return the version of PostgreSQL, for example 18.1."""
    version: str = await pool.fetchval("SHOW server_version")
    return version.split(maxsplit=1)[0]


async def read_identity(pool: Pool) -> str:
    """Return what the connections of another pool return too if they lead to the same database."""
    identity: str = await pool.fetchval("SELECT concat_ws(' ', current_database(), pg_postmaster_start_time())")
    return identity


async def read_clock(pool: Pool) -> float:
    """Return the time on the server's clock, in seconds since 1970."""
    seconds: float = await pool.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
    return seconds


async def read_table_sizes(pool: Pool) -> list[TableSize]:
    """Return the sizes of all tables, the largest first."""
    return [TableSize(**row) for row in await pool.fetch(TABLE_SIZES)]
