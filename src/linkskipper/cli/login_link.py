"""Make one-time links for the dashboard."""

from linkskipper.audit import AuditEntry, record
from linkskipper.cli.output import command
from linkskipper.cli.running import running_services
from linkskipper.database import Pool
from linkskipper.errors import UnknownRecordError
from linkskipper.people import (
    User,
    any_user,
    create_login_link,
    end_sessions,
    find_user,
    first_operator,
)
from linkskipper.settings import Settings


async def login_link(pool: Pool, address: str, name: str | None = None, *, end: bool = False) -> str:
    """Create a one-time link for a user, for the first operator, or for the first user of all.

    Raises:
        UnknownRecordError: the user does not exist.
    """
    user = await _user_to_sign_in(pool, name)
    async with pool.acquire() as connection, connection.transaction():
        if user is not None and end:
            await end_sessions(connection, user.id)
        code = await create_login_link(connection, None if user is None else user.id)
        subject = None if user is None else user.name
        await record(connection, AuditEntry(action="login-link.create", subject=subject))
    return f"{address}/dashboard/in#{code}"


async def _user_to_sign_in(pool: Pool, name: str | None) -> User | None:
    if name is None and not await any_user(pool):
        return None
    user = await (first_operator(pool) if name is None else find_user(pool, name))
    if user is None:
        raise UnknownRecordError(f"No operator is enabled: name a user with --user. See {command()} users list.")
    if user.disabled_at is not None:
        raise UnknownRecordError(f"User {user.name} is disabled. First run: {command()} users enable {user.name}")
    return user


def address_of_dashboard(settings: Settings) -> str:
    """Return the address of the service that uses this database, as its clients know it."""
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    for service in running_services():
        if service.embedded and service.data_dir == settings.data_dir.expanduser().absolute():
            return service.url
    return f"http://{settings.host}:{settings.port}"
