"""Vouchers and references: nothing is granted twice, also not at the same time or by a process that dies."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import timedelta

import pytest

from linkskipper.accounts import create_account
from linkskipper.credits import (
    Redemption,
    VoucherTerms,
    adjust,
    create_vouchers,
    grant,
    list_entries,
    list_vouchers,
    prune_voucher_failures,
    redeem_voucher,
    revoke_voucher,
)
from linkskipper.credits.vouchers import TRIES, new_code, read_code
from linkskipper.database import Pool
from linkskipper.errors import ReferenceUsedError, TooManyVoucherTries, VoucherRefused
from support.factories import KEYRING

TERMS = VoucherTerms(credits=5, max_uses=1, lifetime=timedelta(days=1), note="test")
REDEEM_UNTIL_KILLED = """
import asyncio, json, sys
from linkskipper.credits import redeem_voucher
from linkskipper.database import open_pool
from linkskipper.errors import VoucherError
from support.factories import KEYRING

async def redeem(pool, code, account_id):
    try:
        await redeem_voucher(pool, KEYRING.hash, code, account_id=account_id, actor="killed")
    except VoucherError:
        return
    print("redeemed", flush=True)

async def main(url, codes, account_ids):
    pool = await open_pool(url, size=5)
    await asyncio.gather(*(redeem(pool, code, id) for code, id in zip(codes, account_ids)))

asyncio.run(main(*json.loads(sys.argv[1])))
"""


async def make(pool: Pool, terms: VoucherTerms = TERMS, count: int = 1) -> list[str]:
    async with pool.acquire() as connection, connection.transaction():
        return await create_vouchers(connection, KEYRING.hash, terms, count=count, actor="operator")


async def make_accounts(pool: Pool, count: int) -> list[int]:
    return [(await create_account(pool, "test", credits=0)).id for _ in range(count)]


async def redeem(pool: Pool, code: str, account_id: int) -> Redemption | Exception:
    try:
        return await redeem_voucher(pool, KEYRING.hash, code, account_id=account_id, actor="person")
    except (VoucherRefused, TooManyVoucherTries) as error:
        return error


async def check_books(pool: Pool) -> int:
    """Check that each use of a voucher is one row of the ledger, and return the number of uses."""
    # In one statement: transactions of a killed process may still end.
    (row,) = await pool.fetch(
        "SELECT (SELECT sum(uses) FROM vouchers),"
        " (SELECT count(*) FROM ledger WHERE reference LIKE 'voucher:%'),"
        " (SELECT count(*) FROM accounts WHERE balance <>"
        " (SELECT coalesce(sum(amount), 0) FROM ledger WHERE account_id = accounts.id))"
    )
    uses, booked, wrong = row
    assert (booked, wrong) == (uses, 0)
    return int(uses)


def granted(answers: Sequence[Redemption | Exception]) -> int:
    return sum(isinstance(answer, Redemption) for answer in answers)


async def test_hundred_at_once_make_one_grant(pool: Pool) -> None:
    """Of a hundred simultaneous redemptions by ten accounts, one is granted."""
    (code,) = await make(pool)
    accounts = await make_accounts(pool, 10)
    answers = await asyncio.gather(*(redeem(pool, code, accounts[number % 10]) for number in range(100)))
    assert granted(answers) == 1
    assert await check_books(pool) == 1
    (voucher,) = await list_vouchers(pool, before=None, limit=2)
    assert (voucher.uses, voucher.state, voucher.last_four) == (1, "used", code[-4:])


async def test_each_account_redeems_a_campaign_once(pool: Pool) -> None:
    """A voucher with many uses gives each account its credits once, and ends with its last use."""
    (code,) = await make(pool, VoucherTerms(credits=3, max_uses=7, lifetime=timedelta(days=1), note="campaign"))
    accounts = await make_accounts(pool, 9)
    answers = await asyncio.gather(*(redeem(pool, code, account) for account in accounts * 5))
    assert granted(answers) == 7
    assert await check_books(pool) == 7
    balances = [row["balance"] for row in await pool.fetch("SELECT balance FROM accounts WHERE id = ANY($1)", accounts)]
    assert sorted(balances) == [0, 0, 3, 3, 3, 3, 3, 3, 3]


async def test_killed_in_the_middle(pool: Pool, database_url: str) -> None:
    """A process that is killed while it redeems leaves each voucher whole: used and booked, or neither."""
    codes = await make(pool, count=200)
    accounts = await make_accounts(pool, 200)
    order = json.dumps([database_url, codes, accounts])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", REDEEM_UNTIL_KILLED, order),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    for _ in range(10):
        assert await process.stdout.readline() == b"redeemed\n"
    process.kill()
    await process.wait()
    await check_books(pool)
    answers = [await redeem(pool, code, account) for code, account in zip(codes, accounts, strict=True)]
    assert granted(answers) <= 190
    assert await check_books(pool) == 200


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE vouchers SET expires_at = now() - interval '1 s'",
        "UPDATE vouchers SET revoked_at = now()",
        "UPDATE vouchers SET uses = max_uses",
    ],
)
async def test_what_cannot_be_redeemed_looks_alike(pool: Pool, change: str) -> None:
    """Unknown, malformed, expired, revoked and used codes get the same answer, and grant nothing."""
    (code,) = await make(pool)
    await pool.execute(change)
    (account,) = await make_accounts(pool, 1)
    answers = [str(await redeem(pool, text, account)) for text in (code, new_code(), "", "x" * 4096, "1234")]
    assert set(answers) == {str(VoucherRefused())}
    assert await pool.fetchval("SELECT count(*) FROM ledger") == 0


async def test_guesses_are_bounded(pool: Pool) -> None:
    """After ten wrong codes in an hour an account is refused, also with the right one. Others are not."""
    (code,) = await make(pool)
    account, other = await make_accounts(pool, 2)
    answers = list(await asyncio.gather(*(redeem(pool, new_code(), account) for _ in range(3 * TRIES))))
    while not isinstance(answer := await redeem(pool, new_code(), account), TooManyVoucherTries):
        answers.append(answer)
    assert sum(isinstance(answer, VoucherRefused) for answer in answers) == TRIES
    assert isinstance(await redeem(pool, code, account), TooManyVoucherTries)
    assert await pool.fetchval("SELECT count(*) FROM voucher_failures") <= TRIES
    assert isinstance(await redeem(pool, code, other), Redemption)
    await pool.execute("UPDATE voucher_failures SET at = at - interval '1 hour'")
    assert isinstance(await redeem(pool, new_code(), account), VoucherRefused)
    async with pool.acquire() as connection:
        assert await prune_voucher_failures(connection, batch=3) == TRIES


async def test_revoked_by_its_id(pool: Pool) -> None:
    """A voucher that an operator revokes cannot be redeemed."""
    (code,) = await make(pool)
    (voucher,) = await list_vouchers(pool, before=None, limit=1)
    async with pool.acquire() as connection:
        await revoke_voucher(connection, voucher.id)
    (account,) = await make_accounts(pool, 1)
    assert isinstance(await redeem(pool, code, account), VoucherRefused)


def test_codes_are_read_as_people_type_them() -> None:
    """Case, spaces, dashes and letters that look like digits do not matter."""
    code = "0123-4567-89AB-CDEF"
    for text in (code, code.lower(), "o1z3".replace("z", "2") + "4567 89ab cdef", "OI2L".replace("L", "3") + code[4:]):
        assert read_code(text) == code.replace("-", "")
    for text in ("", code[:-1], code + "0", code.replace("F", "U")):
        assert read_code(text) is None


async def test_reference_is_booked_once(pool: Pool) -> None:
    """Of simultaneous changes with one reference, one is booked, and all get its balance."""
    (account,) = await make_accounts(pool, 1)

    async def book() -> int:
        async with pool.acquire() as connection, connection.transaction():
            return await grant(connection, account, 7, note="paid", reference="order 1", actor="shop")

    assert await asyncio.gather(*(book() for _ in range(20))) == [7] * 20
    (entry,) = (await list_entries(pool, account, before=None, limit=9)).rows
    assert (entry.reference, entry.actor, entry.amount) == ("order 1", "shop", 7)


async def test_reference_of_another_change(pool: Pool) -> None:
    """A reference that stands for another amount, account or kind is refused, and changes nothing."""
    account, other = await make_accounts(pool, 2)
    async with pool.acquire() as connection, connection.transaction():
        await grant(connection, account, 7, reference="order 2")
        with pytest.raises(ReferenceUsedError):
            await grant(connection, account, 8, reference="order 2")
        with pytest.raises(ReferenceUsedError):
            await grant(connection, other, 7, reference="order 2")
        with pytest.raises(ReferenceUsedError):
            await adjust(connection, account, 7, note="n", reference="order 2")
    assert await pool.fetchval("SELECT sum(balance) FROM accounts") == 7
