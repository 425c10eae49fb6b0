"""Hold, take, release, grant: the four things that happen to credits (api.md, "Credits").

A hold and a release change what can be spent; a take and a grant change the balance, and each is a row of
the ledger, whose rows always sum to the balance.
"""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import msgspec

from linkskipper.credits import queries
from linkskipper.errors import UnknownRecordError
from linkskipper.storage import Connection


class Charge(msgspec.Struct, frozen=True):
    """How a job ends for its account: the hold it had, and what of it is taken (the rest is released)."""

    account_id: int
    job_id: UUID
    held: int
    taken: int


async def hold(connection: Connection, asked: Sequence[tuple[int, int]]) -> list[int | None]:
    """Hold credits for jobs, each (account id, credits), in the order given; inside the caller's transaction.

    Returns None for each that is granted, or else the balance of the account that cannot pay for it.
    """
    rows = await connection.fetch(queries.SPENDABLE, sorted({account_id for account_id, _ in asked}))
    balance = {row["id"]: row["balance"] for row in rows}
    spendable = {row["id"]: row["spendable"] for row in rows}
    granted: Counter[int] = Counter()
    answers: list[int | None] = []
    for account_id, credits in asked:
        affordable = credits <= spendable[account_id] - granted[account_id]
        answers.append(None if affordable else balance[account_id])
        if affordable:
            granted[account_id] += credits
    await connection.execute(queries.HOLD, list(granted), list(granted.values()))
    return answers


async def settle(connection: Connection, charges: Sequence[Charge]) -> dict[int, int]:
    """Take and release what ended jobs had held; inside the caller's transaction.

    Returns the new balance of each account.

    Raises:
        asyncpg.UniqueViolationError: a job was charged before.
    """
    held: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    for charge in charges:
        held[charge.account_id] += charge.held
        taken[charge.account_id] += charge.taken
    accounts = sorted(held)
    await connection.fetch(queries.SPENDABLE, accounts)
    rows = await connection.fetch(
        queries.SETTLE, accounts, [held[account] for account in accounts], [taken[account] for account in accounts]
    )
    paid = [charge for charge in charges if charge.taken]
    if paid:
        await connection.execute(
            queries.TAKEN,
            [charge.account_id for charge in paid],
            [charge.taken for charge in paid],
            [charge.job_id for charge in paid],
        )
    return {row["id"]: row["balance"] for row in rows}


async def grant(connection: Connection, account_id: int, credits: int, *, note: str | None = None) -> int:
    """Add credits (more than 0) to an account; returns the new balance.

    Raises:
        UnknownRecordError: there is no such account.
    """
    balance: int | None = await connection.fetchval(queries.ADD, account_id, credits, "grant", note)
    if balance is None:
        raise UnknownRecordError(f"There is no account {account_id}: see linkskipper accounts list.")
    return balance
