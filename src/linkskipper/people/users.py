"""Users and their roles in accounts."""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum

import asyncpg
import msgspec

from linkskipper.audit import COMMAND_LINE, NOT_SIGNED_IN
from linkskipper.database import Connection, Pool
from linkskipper.errors import UnknownRecordError, UserExistsError
from linkskipper.people import queries

RESERVED = re.compile(rf"{COMMAND_LINE}|{NOT_SIGNED_IN}|key \d+")  # other actors of the audit log
INVISIBLE = frozenset({"Cc", "Cf"})


class Role(StrEnum):
    """The rights of a user in an account. Each role has the rights of those before it."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    OWNER = "owner"


class User(msgspec.Struct, frozen=True):
    """A person who signs in. An operator may administer the whole service."""

    id: int
    name: str
    is_operator: bool
    has_password: bool
    has_totp: bool
    created_at: datetime
    disabled_at: datetime | None


class Membership(msgspec.Struct, frozen=True):
    """The role of a user in an account."""

    account_id: int
    account_name: str
    role: Role


async def create_user(
    connection: Connection, name: str, *, account_id: int, role: Role, is_operator: bool = False
) -> int:
    """Create a user with a role in an account, inside the caller's transaction. Return the id.

    Raises:
        UserExistsError: another user has this name, or the audit log uses it.
        UnknownRecordError: the account does not exist.
    """
    _check_reserved(name)
    try:
        user_id: int = await connection.fetchval(queries.CREATE_USER, name, is_operator)
        await connection.execute(queries.ADD_MEMBER, user_id, account_id, role)
    except asyncpg.UniqueViolationError:
        raise UserExistsError(f"A user is named {name} already. Choose another name.") from None
    except asyncpg.ForeignKeyViolationError:
        raise UnknownRecordError.of(f"Account {account_id}", "accounts") from None
    return user_id


def _check_reserved(name: str) -> None:
    """Refuse the names of actors that are not users. Width, case and invisible characters do not count."""
    seen = "".join(
        character
        for character in unicodedata.normalize("NFKC", name).casefold()
        if unicodedata.category(character) not in INVISIBLE
    )
    if RESERVED.fullmatch(" ".join(seen.split())):
        raise UserExistsError(f"The audit log uses the name {name} for something else. Choose another name.")


async def any_user(pool: Pool) -> bool:
    """Tell whether there is a user."""
    return bool(await pool.fetchval(queries.ANY_USER))


async def list_users(pool: Pool) -> list[User]:
    """List all users, oldest first."""
    return [User(**row) for row in await pool.fetch(queries.USERS)]


async def get_user(pool: Pool, user_id: int) -> User:
    """Return a user by id.

    Raises:
        UnknownRecordError: the user does not exist.
    """
    row = await pool.fetchrow(queries.USER_BY_ID, user_id)
    if row is None:
        raise UnknownRecordError.of(f"User {user_id}", "users")
    return User(**row)


async def find_user(pool: Pool, name: str) -> User:
    """Return a user by name, in any case.

    Raises:
        UnknownRecordError: the user does not exist.
    """
    row = await pool.fetchrow(queries.USER_BY_NAME, name)
    if row is None:
        raise UnknownRecordError.of(f"User {name}", "users")
    return User(**row)


async def first_operator(pool: Pool) -> User | None:
    """Return the oldest operator who is enabled, or None."""
    row = await pool.fetchrow(queries.FIRST_OPERATOR)
    return None if row is None else User(**row)


async def rename_user(pool: Pool, user_id: int, name: str) -> None:
    """Change the name of a user.

    Raises:
        UserExistsError: another user has this name, or the audit log uses it.
    """
    _check_reserved(name)
    try:
        await pool.execute(queries.RENAME, user_id, name)
    except asyncpg.UniqueViolationError:
        raise UserExistsError(f"A user is named {name} already. Choose another name.") from None


async def disable_user(connection: Connection, user_id: int) -> None:
    """Disable a user and end the sessions and login links of the user, inside the caller's transaction."""
    await connection.execute(queries.DISABLE, user_id)
    await connection.execute(queries.END_SESSIONS_OF_USER, user_id, None)
    await connection.execute(queries.DROP_LINKS_OF_USER, user_id)


async def enable_user(connection: Connection, user_id: int) -> None:
    """Let a disabled user sign in again."""
    await connection.execute(queries.ENABLE, user_id)


async def list_memberships(pool: Pool, user_id: int) -> list[Membership]:
    """List the accounts of a user, oldest first."""
    rows = await pool.fetch(queries.MEMBERSHIPS, user_id)
    return [Membership(row["account_id"], row["account_name"], Role(row["role"])) for row in rows]
