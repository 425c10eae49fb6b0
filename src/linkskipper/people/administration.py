"""The administration of people by operators: find users, and change their roles."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from linkskipper.database import Connection, Pool
from linkskipper.errors import LastOperatorError
from linkskipper.people import queries
from linkskipper.people.users import Role, User

SEARCHED_USERS = 5000
MAX_MEMBERS = 200  # of an account in a list


class AccountMember(msgspec.Struct, frozen=True):
    """A user with a role in an account."""

    user_id: int
    name: str
    role: Role
    is_operator: bool
    disabled_at: datetime | None


async def search_users(pool: Pool, text: str | None, *, before: int | None, limit: int) -> list[User]:
    """List users before an id, newest first. A text that is not None is a part of their names, in any case."""
    return [User(**row) for row in await pool.fetch(queries.PEOPLE, text, before, limit, SEARCHED_USERS)]


async def list_members(pool: Pool, account_id: int) -> list[AccountMember]:
    """List the members of an account, oldest first."""
    rows = await pool.fetch(queries.MEMBERS, account_id, MAX_MEMBERS)
    return [AccountMember(**{**row, "role": Role(row["role"])}) for row in rows]


@asynccontextmanager
async def changing_people(pool: Pool) -> AsyncIterator[Connection]:
    """Provide a transaction for changes of people.

    Raises:
        LastOperatorError: no operator who is enabled would be left. Nothing is changed.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetch(queries.LOCK_OPERATORS)
        yield connection
        if not await connection.fetch(queries.LOCK_OPERATORS):
            raise LastOperatorError("The service needs an operator who is enabled. Make another user one first.")


async def set_operator(connection: Connection, user_id: int, *, is_operator: bool) -> None:
    """Let a user administer the service, or no longer."""
    await connection.execute(queries.SET_OPERATOR, user_id, is_operator)


async def set_role(connection: Connection, user_id: int, account_id: int, role: Role) -> None:
    """Give a user a role in an account, whether or not the user had one."""
    await connection.execute(queries.SET_ROLE, user_id, account_id, role)


async def remove_member(connection: Connection, user_id: int, account_id: int) -> bool:
    """Take a user out of an account. Return False for no member, and for the only account of the user."""
    return await connection.fetchval(queries.REMOVE_MEMBER, user_id, account_id) is not None
