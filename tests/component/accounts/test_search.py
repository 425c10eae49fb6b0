"""Operators find an account among many."""

from linkskipper.accounts import create_account, search_accounts
from linkskipper.accounts.accounts import SEARCHED_ACCOUNTS
from linkskipper.database import Pool

TELEGRAM_ID = 10**12


async def test_old_accounts_are_found_by_id(pool: Pool) -> None:
    """An id and a Telegram id find an account however old it is. A name finds the newest ones."""
    old = await create_account(pool, "old", credits=0, telegram_id=TELEGRAM_ID)
    named = await create_account(pool, "named", credits=0)
    await pool.execute(
        "INSERT INTO accounts (name) SELECT 'x' FROM generate_series(1, $1::integer)", SEARCHED_ACCOUNTS - 1
    )

    async def found(text: str | None, before: int | None = None, limit: int = 5) -> list[int]:
        return [account.id for account in await search_accounts(pool, text, before=before, limit=limit)]

    assert await found(str(old.id)) == [old.id]
    assert await found(str(TELEGRAM_ID)) == [old.id]
    assert await found("old") == []
    assert await found("named") == [named.id]
    assert await found(str(old.id), before=old.id) == []
    assert await found(None, before=old.id + 1) == [old.id]
    assert await found(None, limit=2) == [named.id + SEARCHED_ACCOUNTS - 1, named.id + SEARCHED_ACCOUNTS - 2]
    twice = await create_account(pool, f"about {TELEGRAM_ID}", credits=0)
    assert await found(str(TELEGRAM_ID)) == [twice.id, old.id]
