"""Read the ledger of an account."""

from datetime import datetime
from uuid import UUID

import msgspec

from linkskipper.credits import queries
from linkskipper.database import Pool
from linkskipper.database.walk import Walk, first_of

SPENDING_ROWS = 1000


class LedgerEntry(msgspec.Struct, frozen=True):
    """A change of a balance. `job_id` is set for a charge."""

    id: int
    kind: str
    amount: int
    job_id: UUID | None
    note: str | None
    reference: str | None
    actor: str | None
    created_at: datetime


class Spending(msgspec.Struct, frozen=True):
    """The last charges of an account: their sum and the time of the first one. At most SPENDING_ROWS are counted."""

    charged: int
    since: datetime | None


async def list_entries(pool: Pool, account_id: int, *, before: int | None, limit: int) -> Walk[LedgerEntry, int]:
    """Return a page of the entries of an account before an id."""
    rows = await pool.fetch(queries.ENTRIES, account_id, before, limit + 1)
    return first_of([LedgerEntry(**row) for row in rows], limit)


async def read_spending(pool: Pool, account_id: int) -> Spending:
    """Sum up the last charges of an account."""
    row = await pool.fetchrow(queries.SPENDING, account_id, SPENDING_ROWS)
    return Spending(0, None) if row is None else Spending(row["charged"], row["since"])


async def find_charge(pool: Pool, account_id: int, job_id: UUID) -> LedgerEntry | None:
    """Return the entry by which an account paid for a job, or None."""
    row = await pool.fetchrow(queries.CHARGE_OF_JOB, account_id, job_id)
    return None if row is None else LedgerEntry(**row)
