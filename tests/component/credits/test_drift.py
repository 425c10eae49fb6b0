"""The watch over the ledger."""

import math

import pytest
from prometheus_client import REGISTRY

from linkskipper.accounts import create_account
from linkskipper.credits import watching_ledger
from linkskipper.credits.drift import LOCK
from linkskipper.database import Pool


def value() -> float:
    found = REGISTRY.get_sample_value("linkskipper_ledger_drift_accounts")
    assert found is not None
    return found


async def test_what_is_counted(pool: Pool, database_url: str) -> None:
    """A count that failed is not a number. One that another process makes keeps the last. The start does not wait."""
    account = await create_account(pool, "watched", credits=7)
    watch = watching_ledger(database_url)
    assert watch.first > 0
    await watch.work()
    assert value() == 0
    await pool.execute("UPDATE accounts SET balance = 8 WHERE id = $1", account.id)
    await watch.work()
    assert value() == 1
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await pool.execute("UPDATE accounts SET balance = 7 WHERE id = $1", account.id)
        await watch.work()
        assert value() == 1
    await watch.work()
    assert value() == 0
    await pool.execute("ALTER TABLE ledger RENAME TO lost")
    with pytest.raises(Exception, match="ledger"):
        await watch.work()
    assert math.isnan(value())
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await watch.work()
    assert math.isnan(value())
