"""Credits: held, taken, released, granted; never lost, never below zero."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from linkskipper import credits
from linkskipper.accounts import create_account, get_account
from linkskipper.credits import Charge
from linkskipper.database import Pool
from linkskipper.errors import OverdrawnError, UnknownRecordError


async def hold(pool: Pool, *asked: tuple[int, int]) -> list[bool]:
    async with pool.acquire() as connection, connection.transaction():
        purses = await credits.lock(connection, [account for account, _ in asked])
        answers = [purses[account].promise(amount) for account, amount in asked]
        await credits.hold(connection, purses)
        return answers


async def settle(pool: Pool, *charges: Charge) -> dict[int, int]:
    async with pool.acquire() as connection, connection.transaction():
        return await credits.settle(connection, charges)


async def balance_and_held(pool: Pool, account_id: int) -> tuple[int, int]:
    account = await get_account(pool, account_id)
    total = await pool.fetchval("SELECT coalesce(sum(amount), 0) FROM ledger WHERE account_id = $1", account_id)
    assert total == account.balance
    return account.balance, account.held


async def test_hold_take_and_release(pool: Pool) -> None:
    """A hold lowers what can be spent, a take the balance; what is released can be spent again."""
    account = (await create_account(pool, "test", credits=3)).id
    assert await hold(pool, (account, 2), (account, 2), (account, 1)) == [True, False, True]
    assert await balance_and_held(pool, account) == (3, 3)
    first, second = uuid4(), uuid4()
    assert await settle(pool, Charge(account, first, 2, 2), Charge(account, second, 1, 0)) == {account: 1}
    assert await balance_and_held(pool, account) == (1, 0)


async def test_many_at_once_never_overspend(pool: Pool) -> None:
    """Of simultaneous holds, just as many are granted as the balance pays for, over accounts in any order."""
    accounts = [(await create_account(pool, "test", credits=7)).id for _ in range(3)]
    asked = [accounts[number % 3 :] + accounts[: number % 3] for number in range(30)]
    answers = await asyncio.gather(*(hold(pool, *((account, 1) for account in order)) for order in asked))
    granted = sum(answer for each in answers for answer in each)
    assert granted == 21
    for account in accounts:
        assert await balance_and_held(pool, account) == (7, 7)


async def test_job_is_charged_once(pool: Pool) -> None:
    """The database itself refuses a second charge for a job, and nothing of it stays."""
    account = (await create_account(pool, "test", credits=5)).id
    job = uuid4()
    await hold(pool, (account, 2))
    await settle(pool, Charge(account, job, 1, 1))
    with pytest.raises(asyncpg.UniqueViolationError):
        await settle(pool, Charge(account, job, 1, 1))
    assert await balance_and_held(pool, account) == (4, 1)


async def test_balance_never_below_zero(pool: Pool) -> None:
    """The database itself refuses a take that was not held."""
    account = (await create_account(pool, "test", credits=1)).id
    with pytest.raises(asyncpg.CheckViolationError):
        await settle(pool, Charge(account, uuid4(), 0, 2))
    assert await balance_and_held(pool, account) == (1, 0)


async def test_grant(pool: Pool) -> None:
    """A grant is a ledger row with its note; an unknown account is said to be."""
    account = (await create_account(pool, "test", credits=0)).id
    async with pool.acquire() as connection:
        assert await credits.grant(connection, account, 5, note="thanks") == 5
        with pytest.raises(UnknownRecordError, match="no account 99"):
            await credits.grant(connection, 99, 5)
    assert await pool.fetchval("SELECT note FROM ledger") == "thanks"
    assert await balance_and_held(pool, account) == (5, 0)


async def test_correct(pool: Pool) -> None:
    """A correction adds or takes back, for a reason that the ledger keeps; never what jobs hold."""
    account = (await create_account(pool, "test", credits=5)).id
    await hold(pool, (account, 3))
    async with pool.acquire() as connection:
        with pytest.raises(OverdrawnError):
            await credits.correct(connection, account, -3, note="too much")
        assert await credits.correct(connection, account, -2, note="a mistake") == 3
        assert await credits.correct(connection, account, 4, note="another") == 7
        with pytest.raises(UnknownRecordError):
            await credits.correct(connection, 99, 1, note="nobody")
    assert await balance_and_held(pool, account) == (7, 3)
