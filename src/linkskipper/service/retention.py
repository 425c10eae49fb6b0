"""Delete old rows, so that growing tables stay small: partitions as a whole, other rows in small batches.

The ledger is kept without limit.
"""

from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from linkskipper.accounts import prune_usage
from linkskipper.audit import prune_refusals
from linkskipper.credits import prune_voucher_failures
from linkskipper.database import Connection, open_connection
from linkskipper.database.partitions import create_partitions
from linkskipper.jobs import prune_idempotency_keys, prune_jobs
from linkskipper.link_cache import prune_cached_links
from linkskipper.people import prune_sessions, prune_sign_in_failures
from linkskipper.periodic import Periodic
from linkskipper.provider_health import prune_circuits
from linkskipper.queue import prune_log
from linkskipper.request_log import REQUESTS, drop_requests, prune_requests
from linkskipper.settings import Settings
from linkskipper.usage import prune_hourly_usage
from linkskipper.webhooks import ATTEMPTS, drop_attempts, prune_attempts, prune_deliveries

log = structlog.get_logger()

EVERY_SECONDS = 60 * 60
BATCH = 5000  # rows a statement, so that none holds its locks for long
QUEUE_LOG = timedelta(days=1)
IDLE_CIRCUITS = timedelta(hours=1)
STATEMENT_SECONDS = 60.0
LOCK = 0x4C534B52  # "LSKR": one process prunes at a time


def retention(url: str, settings: Settings) -> Periodic:
    """Return the pruning to repeat."""
    return Periodic("retention.prune", partial(prune, url, settings), every=EVERY_SECONDS)


async def make_partitions(connection: Connection) -> None:
    """Create the partitions that rows of the next days need."""
    for table in (REQUESTS, ATTEMPTS):
        await create_partitions(connection, table, datetime.now(UTC))


async def prune(url: str, settings: Settings) -> dict[str, int]:
    """Delete old rows. Return their numbers by table, or nothing if another process deletes at the same time.

    `partitions` is the number of partitions that were dropped with their rows. The URL leads to the database
    itself, because the lock belongs to the session.
    """
    connection = await open_connection(url, statement_seconds=STATEMENT_SECONDS)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            return {}
        await make_partitions(connection)
        removed = await _prune(connection, settings)
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
    finally:
        connection.terminate()
    if any(removed.values()):
        log.info("retention.pruned", **removed)
    return removed


async def _prune(connection: Connection, settings: Settings) -> dict[str, int]:
    keep, keep_requests = timedelta(days=settings.keep_days), timedelta(days=settings.request_log_days)
    keep_deliveries = timedelta(days=settings.webhook_keep_days)
    return {
        # Before the jobs that they name: a key whose job is gone could neither be replayed nor used again.
        "idempotency_keys": await prune_idempotency_keys(connection, keep, batch=BATCH),
        "jobs": await prune_jobs(connection, keep + timedelta(days=1), batch=BATCH),
        "webhooks": await prune_deliveries(connection, keep_deliveries, batch=BATCH),
        "partitions": await drop_attempts(connection, keep_deliveries) + await drop_requests(connection, keep_requests),
        "webhook_attempts": await prune_attempts(connection, keep_deliveries, batch=BATCH),
        "daily_usage": await prune_usage(connection, keep),
        "links": await prune_cached_links(connection, batch=BATCH),
        "circuits": await prune_circuits(connection, IDLE_CIRCUITS),
        "sessions": await prune_sessions(connection, batch=BATCH),
        "sign_in_failures": await prune_sign_in_failures(connection, batch=BATCH),
        "voucher_failures": await prune_voucher_failures(connection, batch=BATCH),
        "egress_refusals": await prune_refusals(connection, timedelta(days=settings.refusal_keep_days), batch=BATCH),
        "requests": await prune_requests(connection, keep_requests, batch=BATCH),
        "hourly_usage": await prune_hourly_usage(connection, keep, batch=BATCH),
        "queue_log": await prune_log(connection, QUEUE_LOG, batch=BATCH),
    }
