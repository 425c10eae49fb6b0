"""Credits are held, charged, released, granted and adjusted. They are never lost and never below zero."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from linkskipper import credits
from linkskipper.accounts import create_account, get_account
from linkskipper.credits import Charge
from linkskipper.database import Pool
from linkskipper.errors import OverdrawnError, UnknownRecordError


async def hold(pool: Pool, *prices: tuple[int, int]) -> list[bool]:
    """Reserve a price for each account in one transaction. Return what was granted."""
    async with pool.acquire() as connection, connection.transaction():
        balances = await credits.lock(connection, [account for account, _ in prices])
        granted = [balances[account].reserve(price) for account, price in prices]
        await credits.hold(connection, balances)
        return granted


async def settle(pool: Pool, *charges: Charge) -> dict[int, int]:
    async with pool.acquire() as connection, connection.transaction():
        return await credits.settle(connection, charges)


async def balance_and_held(pool: Pool, account_id: int) -> tuple[int, int]:
    account = await get_account(pool, account_id)
    total = await pool.fetchval("SELECT coalesce(sum(amount), 0) FROM ledger WHERE account_id = $1", account_id)
    assert total == account.balance
    return account.balance, account.held


async def test_hold_charge_and_release(pool: Pool) -> None:
    """A hold lowers what is available, a charge lowers the balance, and a released hold is available again."""
    account = (await create_account(pool, "test", credits=3)).id
    assert await hold(pool, (account, 2), (account, 2), (account, 1)) == [True, False, True]
    assert await balance_and_held(pool, account) == (3, 3)
    first, second = uuid4(), uuid4()
    assert await settle(pool, Charge(account, first, 2, 2), Charge(account, second, 1, 0)) == {account: 1}
    assert await balance_and_held(pool, account) == (1, 0)


async def test_simultaneous_holds_never_overspend(pool: Pool) -> None:
    """Simultaneous holds are granted up to the balance, whatever the order in which they name accounts."""
    accounts = [(await create_account(pool, "test", credits=7)).id for _ in range(3)]
    orders = [accounts[number % 3 :] + accounts[: number % 3] for number in range(30)]
    answers = await asyncio.gather(*(hold(pool, *((account, 1) for account in order)) for order in orders))
    assert sum(granted for answer in answers for granted in answer) == 21
    for account in accounts:
        assert await balance_and_held(pool, account) == (7, 7)


async def test_job_is_charged_once(pool: Pool) -> None:
    """The database refuses a second charge for a job, and the refused transaction leaves nothing behind."""
    account = (await create_account(pool, "test", credits=5)).id
    job = uuid4()
    await hold(pool, (account, 2))
    await settle(pool, Charge(account, job, 1, 1))
    with pytest.raises(asyncpg.UniqueViolationError):
        await settle(pool, Charge(account, job, 1, 1))
    assert await balance_and_held(pool, account) == (4, 1)


async def test_balance_never_below_zero(pool: Pool) -> None:
    """The database refuses a charge above the balance."""
    account = (await create_account(pool, "test", credits=1)).id
    with pytest.raises(asyncpg.CheckViolationError):
        await settle(pool, Charge(account, uuid4(), 0, 2))
    assert await balance_and_held(pool, account) == (1, 0)


async def test_grant(pool: Pool) -> None:
    """A grant is a ledger row with its note, and an unknown account is reported."""
    account = (await create_account(pool, "test", credits=0)).id
    async with pool.acquire() as connection:
        assert await credits.grant(connection, account, 5, note="thanks") == 5
        with pytest.raises(UnknownRecordError, match="Account 99 does not exist"):
            await credits.grant(connection, 99, 5)
    assert await pool.fetchval("SELECT note FROM ledger") == "thanks"
    assert await balance_and_held(pool, account) == (5, 0)


async def test_adjust(pool: Pool) -> None:
    """An adjustment adds or removes credits for a reason that the ledger keeps, but never what jobs hold."""
    account = (await create_account(pool, "test", credits=5)).id
    await hold(pool, (account, 3))
    async with pool.acquire() as connection:
        with pytest.raises(OverdrawnError):
            await credits.adjust(connection, account, -3, note="too much")
        assert await credits.adjust(connection, account, -2, note="a mistake") == 3
        assert await credits.adjust(connection, account, 4, note="another") == 7
        with pytest.raises(UnknownRecordError):
            await credits.adjust(connection, 99, 1, note="nobody")
    assert await balance_and_held(pool, account) == (7, 3)
