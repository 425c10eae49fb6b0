"""The tables of PgQueuer: how they are created, updated and pruned."""

from datetime import timedelta

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability

from linkskipper.database import Connection
from linkskipper.queue.items import pgqueuer_queries

VIEW = "CREATE OR REPLACE VIEW queue_entries AS SELECT id, heartbeat FROM pgqueuer"
PRUNE_LOG = "DELETE FROM pgqueuer_log WHERE created < now() - $1::interval"


async def install_queue(connection: Connection) -> None:
    """Create or update PgQueuer's tables, and the view of its entries that other rooms use.

    The queue survives a crash of the server. The log of entries that are done may not.
    """
    queries = pgqueuer_queries(connection)
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        balanced = DBSettings(durability=Durability.balanced)
        await connection.execute(QueryBuilderEnvironment(settings=balanced).build_install_query(create_schema=False))
    await connection.execute(VIEW)


async def prune_log(connection: Connection, keep: timedelta) -> int:
    """Delete PgQueuer's records older than `keep` of entries that are done. Return the number deleted."""
    status = await connection.execute(PRUNE_LOG, keep)
    return int(status.removeprefix("DELETE "))
