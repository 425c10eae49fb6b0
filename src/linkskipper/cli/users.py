"""linkskipper users …"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from linkskipper.audit import AuditEntry, record
from linkskipper.cli.database import find_database, with_database, work_on
from linkskipper.cli.login_link import address_of_dashboard, login_link
from linkskipper.cli.names import check_name
from linkskipper.cli.options import DataDirOption, JsonOption, command_group
from linkskipper.cli.output import command, note, print_json, print_table
from linkskipper.cli.startup import start
from linkskipper.database import Connection, Pool
from linkskipper.people import (
    LINK_LIFETIME,
    Role,
    User,
    create_user,
    disable_user,
    enable_user,
    end_sessions,
    find_user,
    list_users,
)
from linkskipper.settings import Settings

UserChange: TypeAlias = Callable[[Connection, int], Awaitable[None]]

app = command_group(help="Manage the people who may use the dashboard.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user, in any case.")]
AccountOption = Annotated[int, typer.Option("--account", metavar="ID", help="Account that the user belongs to.")]
RoleOption = Annotated[Role, typer.Option("--role", help="Rights of the user in the account.")]


@app.command()
def add(
    name: NameArgument,
    account: AccountOption,
    role: RoleOption = Role.OWNER,
    data_dir: DataDirOption = None,
    *,
    operator: Annotated[bool, typer.Option("--operator", help="The user may administer the whole service.")] = False,
) -> None:
    """Create a user, and print a link that signs the user in once."""
    name = check_name(name, "NAME")
    settings = find_database(start(data_dir=data_dir))

    async def work(_: Settings, pool: Pool) -> str:
        async with pool.acquire() as connection, connection.transaction():
            await create_user(connection, name, account_id=account, role=role, is_operator=operator)
            await record(connection, AuditEntry(action="user.create", subject=name, account_id=account))
        return await login_link(pool, address_of_dashboard(settings), name)

    typer.echo(work_on(settings, work))
    note(f"Give this link to {name}. It works once, for {int(LINK_LIFETIME.total_seconds()) // 60} minutes.")


@app.command("list")
def list_(data_dir: DataDirOption = None, *, as_json: JsonOption = False) -> None:
    """List all users."""

    async def work(_: Settings, pool: Pool) -> list[User]:
        return await list_users(pool)

    found = with_database(data_dir, work)
    if as_json:
        print_json(found)
    else:
        columns = ("id", "name", "operator", "password", "code at sign-in", "disabled")
        print_table(columns, [_row(user) for user in found])


@app.command()
def disable(name: NameArgument, data_dir: DataDirOption = None) -> None:
    """Disable a user. The user's sessions end within a second."""
    _change(name, data_dir, disable_user, action="user.disable")
    typer.echo(f"User {name} is disabled.")
    note(f"To enable the user again: {command()} users enable {name}")


@app.command()
def enable(name: NameArgument, data_dir: DataDirOption = None) -> None:
    """Let a disabled user sign in again."""
    _change(name, data_dir, enable_user, action="user.enable")
    typer.echo(f"User {name} may sign in again.")


@app.command("sessions")
def sessions(name: NameArgument, data_dir: DataDirOption = None) -> None:
    """End all sessions of a user within a second."""
    _change(name, data_dir, end_sessions, action="session.end-all")
    typer.echo(f"All sessions of {name} were ended.")


def _change(name: str, data_dir: Path | None, change: UserChange, *, action: str) -> None:
    """Change a user, and record the change in the audit log."""

    async def work(_: Settings, pool: Pool) -> None:
        user = await find_user(pool, name)
        async with pool.acquire() as connection, connection.transaction():
            await change(connection, user.id)
            await record(connection, AuditEntry(action=action, subject=user.name))

    with_database(data_dir, work)


def _row(user: User) -> tuple[object, ...]:
    marks = (user.is_operator, user.has_password, user.has_totp)
    return (user.id, user.name, *("yes" if mark else "" for mark in marks), user.disabled_at)
