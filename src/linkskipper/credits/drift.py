"""Watch over the ledger: the balance of every account is the sum of its rows."""

from linkskipper.credits import queries
from linkskipper.database import Pool
from linkskipper.metrics import LEDGER_DRIFT
from linkskipper.periodic import Periodic

CHECK_SECONDS = 6 * 60 * 60
STATEMENT_SECONDS = 600.0  # it reads the whole ledger
LOCK = 0x4C4B5344  # "LKSD": one process reads at a time


def watching_ledger(pool: Pool) -> Periodic:
    """Return the watch to repeat."""

    async def watch() -> None:
        drifted = await count_drifted_accounts(pool)
        if drifted is not None:
            LEDGER_DRIFT.set(drifted)

    return Periodic("ledger.watch", watch, every=CHECK_SECONDS)


async def count_drifted_accounts(pool: Pool) -> int | None:
    """Return how many accounts have a balance that is not the sum of their ledger. None if another process counts."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS:.0f}s'")
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
            return None
        drifted: int = await connection.fetchval(queries.DRIFTED, timeout=STATEMENT_SECONDS)
        return drifted
