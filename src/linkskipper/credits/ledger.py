"""Hold, settle, grant and adjust credits (docs/reference/api.md, "Credits").

A hold changes what is available and leaves the balance alone. Every change of the balance is a ledger row, so the
rows of an account always sum to its balance. All amounts are whole credits.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import asyncpg
import msgspec

from linkskipper.credits import queries
from linkskipper.database import Connection
from linkskipper.errors import OverdrawnError, ReferenceUsedError, UnknownRecordError


class Charge(msgspec.Struct, frozen=True):
    """The amounts that an ended job settles: `held` is released, `charged` leaves the balance."""

    account_id: int
    job_id: UUID
    held: int
    charged: int


class LockedBalance(msgspec.Struct):
    """The credits of an account, locked until the transaction ends. `reserved` is not written before `hold`."""

    balance: int
    held: int
    reserved: int = 0

    @property
    def available(self) -> int:
        """The credits that no job holds."""
        return self.balance - self.held - self.reserved

    def reserve(self, price: int) -> bool:
        """Reserve credits for a job. Return False if fewer are available."""
        if price > self.available:
            return False
        self.reserved += price
        return True


async def lock(connection: Connection, account_ids: Iterable[int]) -> dict[int, LockedBalance]:
    """Lock the balances of accounts until the caller's transaction ends. Return them by account."""
    rows = await connection.fetch(queries.LOCK, sorted(set(account_ids)))
    return {row["id"]: LockedBalance(row["balance"], row["held"]) for row in rows}


async def hold(connection: Connection, balances: Mapping[int, LockedBalance]) -> None:
    """Hold what was reserved, inside the transaction that locked the balances."""
    reserved = {account_id: balance.reserved for account_id, balance in balances.items() if balance.reserved}
    if reserved:
        await connection.execute(queries.HOLD, list(reserved), list(reserved.values()))


async def settle(connection: Connection, charges: Sequence[Charge]) -> dict[int, int]:
    """Release the holds of ended jobs and charge for them, inside the caller's transaction.

    Return the new balances by account.

    Raises:
        asyncpg.UniqueViolationError: A job was charged before.
    """
    held: Counter[int] = Counter()
    charged: Counter[int] = Counter()
    for charge in charges:
        held[charge.account_id] += charge.held
        charged[charge.account_id] += charge.charged
    account_ids = sorted(held)
    if len(account_ids) > 1:
        await connection.fetch(queries.LOCK, account_ids)
    paid = [charge for charge in charges if charge.charged]
    rows = await connection.fetch(
        queries.SETTLE,
        account_ids,
        [held[account_id] for account_id in account_ids],
        [charged[account_id] for account_id in account_ids],
        [charge.account_id for charge in paid],
        [charge.charged for charge in paid],
        [charge.job_id for charge in paid],
    )
    return {row["id"]: row["balance"] for row in rows}


async def grant(
    connection: Connection,
    account_id: int,
    amount: int,
    *,
    note: str | None = None,
    reference: str | None = None,
    actor: str | None = None,
) -> int:
    """Add an amount above 0 to an account, inside the caller's transaction. Return the new balance.

    A repeated call with the same `reference` changes nothing and returns the balance.

    Raises:
        UnknownRecordError: No account has this id.
        ReferenceUsedError: The reference stands for another change.
    """
    return await _change(connection, LedgerChange(account_id, "grant", amount, note, reference, actor))


async def adjust(
    connection: Connection,
    account_id: int,
    amount: int,
    *,
    note: str,
    reference: str | None = None,
    actor: str | None = None,
) -> int:
    """Correct an account by an amount, which may be below 0, as `grant` does. Return the new balance.

    Raises:
        UnknownRecordError: No account has this id.
        OverdrawnError: The balance would fall below what jobs under way hold.
        ReferenceUsedError: The reference stands for another change.
    """
    return await _change(connection, LedgerChange(account_id, "adjustment", amount, note, reference, actor))


class LedgerChange(msgspec.Struct, frozen=True):
    """A row of the ledger that is not a charge."""

    account_id: int
    kind: str
    amount: int
    note: str | None
    reference: str | None
    actor: str | None


async def book_once(connection: Connection, change: LedgerChange) -> int:
    """Book a change inside the caller's transaction. Return the new balance.

    Raises:
        asyncpg.UniqueViolationError: The reference was booked before. The transaction must end.
        UnknownRecordError: No account has this id.
        OverdrawnError: The balance would fall below what jobs under way hold.
    """
    try:
        balance: int | None = await connection.fetchval(
            queries.CHANGE,
            *(change.account_id, change.amount, change.kind, change.note, change.reference, change.actor),
        )
    except asyncpg.CheckViolationError:
        raise OverdrawnError(
            f"Account {change.account_id} has fewer than {-change.amount} credits available. Jobs under way may hold "
            "some of them."
        ) from None
    if balance is None:
        raise UnknownRecordError.of(f"Account {change.account_id}", "accounts")
    return balance


async def _change(connection: Connection, change: LedgerChange) -> int:
    try:
        async with connection.transaction():
            return await book_once(connection, change)
    except asyncpg.UniqueViolationError:
        booked = await connection.fetchrow(
            queries.BOOKED, change.reference, change.account_id, change.kind, change.amount
        )
    if booked is None or not booked["is_same"]:
        raise ReferenceUsedError(f"The reference {change.reference} stands for another change. Choose another one.")
    balance: int = booked["balance"]
    return balance
