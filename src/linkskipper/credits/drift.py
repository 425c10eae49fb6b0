"""Watch over the ledger: the balance of every account is the sum of its rows."""

import math

from linkskipper.credits import queries
from linkskipper.database import Connection, open_connection
from linkskipper.metrics import LEDGER_DRIFT
from linkskipper.periodic import Periodic

FIRST_CHECK_SECONDS = 15 * 60  # after the start, which has other work for the database
CHECK_SECONDS = 6 * 60 * 60
STATEMENT_SECONDS = 600.0  # it reads the whole ledger
LOCK = 0x4C4B5344  # "LKSD": one process reads at a time


def watching_ledger(url: str) -> Periodic:
    """Return the watch to repeat. It has a connection of its own while it counts.

    The metric is NaN after a count that failed. It keeps its value while another process counts.
    """

    async def watch() -> None:
        try:
            drifted = await _count(url)
        except BaseException:
            LEDGER_DRIFT.set(math.nan)
            raise
        if drifted is not None:
            LEDGER_DRIFT.set(drifted)

    return Periodic("ledger.watch", watch, every=CHECK_SECONDS, first=FIRST_CHECK_SECONDS)


async def _count(url: str) -> int | None:
    connection = await open_connection(url)
    try:
        return await count_drifted_accounts(connection)
    finally:
        await connection.close()


async def count_drifted_accounts(connection: Connection) -> int | None:
    """Return how many accounts have a balance that is not the sum of their ledger. None if another process counts."""
    async with connection.transaction(readonly=True):
        await connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS:.0f}s'")
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
            return None
        drifted: int = await connection.fetchval(queries.DRIFTED, timeout=STATEMENT_SECONDS)
        return drifted
