"""The tables of PgQueuer: how they are created, updated and pruned."""

from datetime import timedelta

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability

from linkskipper.database import Connection
from linkskipper.database.batch_delete import in_batches
from linkskipper.queue.items import pgqueuer_queries

VIEW = "CREATE OR REPLACE VIEW queue_entries AS SELECT id, heartbeat FROM pgqueuer"

# PgQueuer tells all workers of each change in any queue, and each looks with four statements whether it is one for it.
# Here every queue has a channel of its own, which tells of entries that can be taken: of new ones, and of those that
# are put back or moved. Workers of older versions still listen to PgQueuer's channel.
TRIGGERS = """
CREATE OR REPLACE FUNCTION tell_queue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    queue text;
    event text := json_build_object(
        'channel', '', 'operation', lower(TG_OP), 'sent_at', now(), 'table', TG_TABLE_NAME,
        'type', 'table_changed_event'
    );
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM pg_notify('linkskipper_queue_' || NEW.entrypoint, event);
        RETURN NULL;
    END IF;
    FOR queue IN SELECT DISTINCT entrypoint FROM inserted LOOP
        PERFORM pg_notify('linkskipper_queue_' || queue, event);
    END LOOP;
    RETURN NULL;
END;
$$;
CREATE OR REPLACE TRIGGER tell_of_new_entries AFTER INSERT ON pgqueuer
    REFERENCING NEW TABLE AS inserted EXECUTE FUNCTION tell_queue();
CREATE OR REPLACE TRIGGER tell_of_moved_entries AFTER UPDATE OF status, execute_after ON pgqueuer
    FOR EACH ROW WHEN (NEW.status = 'queued') EXECUTE FUNCTION tell_queue();
"""
PRUNE_LOG = """
DELETE FROM pgqueuer_log WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM pgqueuer_log WHERE created < now() - $1::interval ORDER BY created LIMIT $2
))
"""


async def install_queue(connection: Connection) -> None:
    """Create or update PgQueuer's tables, the view of its entries that other rooms use, and the notices to workers.

    The queue survives a crash of the server. The log of entries that are done may not.
    """
    queries = pgqueuer_queries(connection)
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        balanced = DBSettings(durability=Durability.balanced)
        await connection.execute(QueryBuilderEnvironment(settings=balanced).build_install_query(create_schema=False))
    await connection.execute(VIEW)
    await connection.execute(TRIGGERS)


async def prune_log(connection: Connection, keep: timedelta, *, batch: int) -> int:
    """Delete PgQueuer's records older than `keep`, `batch` rows a statement. Return the number deleted."""
    return await in_batches(connection, PRUNE_LOG, keep, batch=batch)
