"""The service always keeps an operator."""

import asyncio

import pytest

from linkskipper.accounts import create_account
from linkskipper.database import Pool
from linkskipper.errors import LastOperatorError
from linkskipper.people import Role, changing_people, create_user, disable_user, set_operator


async def make_operators(pool: Pool, count: int) -> list[int]:
    account = await create_account(pool, "a", credits=0)
    async with pool.acquire() as connection:
        return [
            await create_user(connection, f"o{n}", account_id=account.id, role=Role.OWNER, is_operator=True)
            for n in range(count)
        ]


async def test_last_operator_stays(pool: Pool) -> None:
    """Neither the end of the rights nor of the user takes the last operator away."""
    (user_id,) = await make_operators(pool, 1)
    with pytest.raises(LastOperatorError):
        async with changing_people(pool) as connection:
            await set_operator(connection, user_id, is_operator=False)
    with pytest.raises(LastOperatorError):
        async with changing_people(pool) as connection:
            await disable_user(connection, user_id)
    assert await pool.fetchval("SELECT is_operator AND disabled_at IS NULL FROM users WHERE id = $1", user_id)


async def test_operators_who_remove_each_other(pool: Pool) -> None:
    """Of two operators who remove each other at the same time, one stays."""
    first, second = await make_operators(pool, 2)

    async def remove(user_id: int) -> None:
        async with changing_people(pool) as connection:
            await set_operator(connection, user_id, is_operator=False)

    results = await asyncio.gather(remove(first), remove(second), return_exceptions=True)
    assert [type(result) for result in results].count(LastOperatorError) == 1
    assert await pool.fetchval("SELECT count(*) FROM users WHERE is_operator") == 1
