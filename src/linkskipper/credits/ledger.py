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
from linkskipper.errors import OverdrawnError, UnknownRecordError


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


async def grant(connection: Connection, account_id: int, amount: int, *, note: str | None = None) -> int:
    """Add an amount above 0 to an account. Return the new balance.

    Raises:
        UnknownRecordError: No account has this id.
    """
    return await _change(connection, account_id, amount, "grant", note)


async def adjust(connection: Connection, account_id: int, amount: int, *, note: str) -> int:
    """Correct an account by an amount, which may be below 0. Return the new balance.

    Raises:
        UnknownRecordError: No account has this id.
        OverdrawnError: The balance would fall below what jobs under way hold.
    """
    return await _change(connection, account_id, amount, "adjustment", note)


async def _change(connection: Connection, account_id: int, amount: int, kind: str, note: str | None) -> int:
    try:
        balance: int | None = await connection.fetchval(queries.CHANGE, account_id, amount, kind, note)
    except asyncpg.CheckViolationError:
        raise OverdrawnError(
            f"Account {account_id} has fewer than {-amount} credits available. Jobs under way may hold some of them."
        ) from None
    if balance is None:
        raise UnknownRecordError(f"There is no account {account_id}: see linkskipper accounts list.")
    return balance
