"""Bring the schema of a database up to date: our tables, those of the queue, then the next partitions."""

from linkskipper.database import open_connection
from linkskipper.database.schema import MIGRATION_LOCK, current_revision, judge, upgrade
from linkskipper.queue import install_queue
from linkskipper.service.retention import make_partitions


async def migrate(url: str) -> None:
    """Bring the schema to the revision of this version. Change nothing where it is there already.

    Raises:
        SchemaError: the schema is from a newer version, or a migration could not be applied.
    """
    connection = await open_connection(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        behind = judge(await current_revision(connection)) == "behind"
        await upgrade(connection)
        if behind:
            await install_queue(connection)
        await make_partitions(connection)
    finally:
        await connection.close()
