"""Accounts: the owners of keys and credits."""

from datetime import datetime

import msgspec

from linkskipper.accounts import queries
from linkskipper.credits import grant
from linkskipper.database import Connection, Pool
from linkskipper.errors import UnknownRecordError

SEARCHED_ACCOUNTS = 20_000
MAX_ID_DIGITS = 18

MAX_NAME_CHARACTERS = 64  # of accounts, of keys, and of people


class Account(msgspec.Struct, frozen=True):
    """An account. `held` is the part of the credits in `balance` that is reserved for unfinished jobs.

    The keys of an account that is closed can only read.
    """

    id: int
    name: str
    telegram_id: int | None
    subscription_until: datetime | None
    balance: int
    held: int
    created_at: datetime
    closed_at: datetime | None = None


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
        raise UnknownRecordError.of(f"Account {account_id}", "accounts")
    return Account(**row)


async def list_accounts(pool: Pool) -> list[Account]:
    """List all accounts, oldest first."""
    return [Account(**row) for row in await pool.fetch(queries.ACCOUNTS)]


async def search_accounts(pool: Pool, text: str | None, *, before: int | None, limit: int) -> list[Account]:
    """List accounts before an id, newest first. A text that is not None is a part of the name, or an id."""
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS else None
    rows = await pool.fetch(queries.SEARCH_ACCOUNTS, text, before, limit, SEARCHED_ACCOUNTS, number)
    return [Account(**row) for row in rows]


async def close_account(connection: Connection, account_id: int) -> bool:
    """Refuse new links of an account. Return False if it is closed already, or does not exist."""
    return await connection.fetchval(queries.CLOSE_ACCOUNT, account_id) is not None


async def reopen_account(connection: Connection, account_id: int) -> bool:
    """Accept new links of a closed account. Return False if it is open already, or does not exist."""
    return await connection.fetchval(queries.REOPEN_ACCOUNT, account_id) is not None
