"""One-time links, which sign a user in without a password."""

from datetime import timedelta

from linkskipper.database import Connection
from linkskipper.people import queries
from linkskipper.people.codes import hash_code, new_token
from linkskipper.people.users import Role, create_user

FIRST_LINK_LIFETIME = timedelta(hours=24)
LINK_LIFETIME = timedelta(minutes=15)
FIRST_USER = "owner"


async def create_login_link(connection: Connection, user_id: int | None) -> str:
    """Create a link and return its code. None as the user makes a link that creates the first user."""
    code = new_token()
    lifetime = FIRST_LINK_LIFETIME if user_id is None else LINK_LIFETIME
    await connection.execute(queries.ADD_LOGIN_LINK, hash_code(code), user_id, lifetime)
    return code


async def use_login_link(connection: Connection, code: str) -> int | None:
    """Use a link up, inside the caller's transaction. Return the user, or None if the link is not valid.

    The first link creates an operator who owns the oldest account. All links of its kind end with it.

    Raises:
        UnknownRecordError: there is no account yet.
    """
    await connection.fetch(queries.LOCK_FIRST_LINKS)
    row = await connection.fetchrow(queries.USE_LOGIN_LINK, hash_code(code))
    if row is None:
        return None
    if row["user_id"] is not None:
        return int(row["user_id"])
    await connection.execute(queries.DROP_FIRST_LINKS)
    if await connection.fetchval(queries.ANY_USER):
        return None
    account_id: int = await connection.fetchval(queries.OLDEST_ACCOUNT) or 1
    return await create_user(connection, FIRST_USER, account_id=account_id, role=Role.OWNER, is_operator=True)
