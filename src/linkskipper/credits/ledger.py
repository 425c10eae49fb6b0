"""Hold, take, release, grant: the four things that happen to credits (api.md, "Credits").

A hold and a release change what can be spent; a take and a grant change the balance, and each is a row of
the ledger, whose rows always sum to the balance.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import asyncpg
import msgspec

from linkskipper.credits import queries
from linkskipper.database import Connection
from linkskipper.errors import OverdrawnError, UnknownRecordError


class Charge(msgspec.Struct, frozen=True):
    """How a job ends for its account: the hold it had, and what of it is taken (the rest is released)."""

    account_id: int
    job_id: UUID
    held: int
    taken: int


class LockedBalance(msgspec.Struct):
    """What an account has, and what of it can still be promised; locked until the transaction ends."""

    balance: int
    spendable: int
    promised: int = 0

    def promise(self, credits: int) -> bool:
        """Set credits aside for a job; False where they are not there. They count once hold is called."""
        if credits > self.spendable - self.promised:
            return False
        self.promised += credits
        return True


async def lock(connection: Connection, account_ids: Iterable[int]) -> dict[int, LockedBalance]:
    """The purses of accounts, which nobody else can change until the caller's transaction ends."""
    rows = await connection.fetch(queries.LOCK, sorted(set(account_ids)))
    return {row["id"]: LockedBalance(row["balance"], row["spendable"]) for row in rows}


async def hold(connection: Connection, purses: Mapping[int, LockedBalance]) -> None:
    """Hold what was promised, inside the transaction that locked the purses."""
    promised = {account_id: purse.promised for account_id, purse in purses.items() if purse.promised}
    if promised:
        await connection.execute(queries.HOLD, list(promised), list(promised.values()))


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
    if len(accounts) > 1:
        await connection.fetch(queries.LOCK, accounts)
    paid = [charge for charge in charges if charge.taken]
    rows = await connection.fetch(
        queries.SETTLE,
        accounts,
        [held[account] for account in accounts],
        [taken[account] for account in accounts],
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
    return await _change(connection, account_id, credits, "grant", note)


async def correct(connection: Connection, account_id: int, credits: int, *, note: str) -> int:
    """Add credits or (below 0) take them back by hand, for a stated reason; returns the new balance.

    Raises:
        UnknownRecordError: there is no such account.
        OverdrawnError: the account would be left with less than its jobs under way hold.
    """
    return await _change(connection, account_id, credits, "correction", note)


async def _change(connection: Connection, account_id: int, credits: int, kind: str, note: str | None) -> int:
    try:
        balance: int | None = await connection.fetchval(queries.CHANGE, account_id, credits, kind, note)
    except asyncpg.CheckViolationError:
        raise OverdrawnError(
            f"Account {account_id} cannot give up {-credits} credits: it has fewer, or its jobs under way hold them."
        ) from None
    if balance is None:
        raise UnknownRecordError(f"There is no account {account_id}: see linkskipper accounts list.")
    return balance
