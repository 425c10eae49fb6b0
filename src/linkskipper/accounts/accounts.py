"""Accounts: the owners of keys and credits."""

from datetime import datetime

import msgspec

from linkskipper.accounts import queries
from linkskipper.credits import grant
from linkskipper.database import Pool
from linkskipper.errors import UnknownRecordError


class Account(msgspec.Struct, frozen=True):
    """An account. `held` is the part of the credits in `balance` that is reserved for unfinished jobs."""

    id: int
    name: str
    telegram_id: int | None
    subscription_until: datetime | None
    balance: int
    held: int
    created_at: datetime


async def create_account(pool: Pool, name: str, *, credits: int, telegram_id: int | None = None) -> Account:
    """Create an account and grant it `credits`, which may be 0."""
    async with pool.acquire() as connection, connection.transaction():
        account_id: int = await connection.fetchval(queries.CREATE_ACCOUNT, name, telegram_id)
        if credits:
            await grant(connection, account_id, credits, note="new account")
    return await get_account(pool, account_id)


async def get_account(pool: Pool, account_id: int) -> Account:
    """Return one account.

    Raises:
        UnknownRecordError: the account does not exist.
    """
    row = await pool.fetchrow(queries.ACCOUNT, account_id)
    if row is None:
        raise UnknownRecordError(f"There is no account {account_id}: see linkskipper accounts list.")
    return Account(**row)


async def list_accounts(pool: Pool) -> list[Account]:
    """List all accounts, oldest first."""
    return [Account(**row) for row in await pool.fetch(queries.ACCOUNTS)]
