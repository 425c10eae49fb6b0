"""linkskipper keys …"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from linkskipper.accounts import (
    KeyInfo,
    NewKey,
    NewWebhookSecret,
    create_key,
    list_keys,
    load_keyring,
    revoke_key,
    roll_key,
    roll_webhook_secret,
)
from linkskipper.accounts.api_keys import DEFAULT_RATE_LIMIT, MAX_DAILY_QUOTA, MAX_RATE_LIMIT, SCOPES
from linkskipper.audit import AuditEntry, record
from linkskipper.cli.database import with_database
from linkskipper.cli.names import check_name
from linkskipper.cli.options import HOURS_IN_A_YEAR, DataDirOption, JsonOption, command_group
from linkskipper.cli.output import note, print_json, print_table
from linkskipper.database import Pool
from linkskipper.settings import Settings

NO_SCOPE = "none"

app = command_group(help="Manage API keys.")

KeyArgument = Annotated[int, typer.Argument(metavar="ID", help="Id of the key.")]


@app.command()
def create(
    account: Annotated[int, typer.Option("--account", metavar="ID", help="Id of the account.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name for people.")] = "default",
    scopes: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help=f"Permission: {', '.join(SCOPES)}. Repeat the option for several, or give {NO_SCOPE} for a key that "
            "can only read.",
            show_default="all",
        ),
    ] = None,
    rate_limit: Annotated[
        int, typer.Option("--rate-limit", metavar="CALLS", min=1, max=MAX_RATE_LIMIT, help="Calls in any 60 seconds.")
    ] = DEFAULT_RATE_LIMIT,
    daily_quota: Annotated[
        int | None,
        typer.Option(
            "--daily-quota", metavar="LINKS", min=1, max=MAX_DAILY_QUOTA, help="Links per UTC day.", show_default="none"
        ),
    ] = None,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Create a key. The key and its webhook secret are shown only now."""
    granted, name = SCOPES if scopes is None else _parse_scopes(scopes), check_name(name, "--name")

    async def work(settings: Settings, pool: Pool) -> NewKey:
        async with pool.acquire() as connection, connection.transaction():
            made = await create_key(
                connection,
                load_keyring(settings),
                account,
                name=name,
                scopes=granted,
                rate_limit=rate_limit,
                daily_quota=daily_quota,
            )
            await record(connection, AuditEntry(action="key.create", account_id=account, subject=f"key {made.id}"))
        return made

    _show(with_database(data_dir, work), as_json=as_json)


@app.command("list")
def list_(
    account: Annotated[
        int | None,
        typer.Option("--account", metavar="ID", help="Show only this account's.", show_default="all"),
    ] = None,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List keys without their secret parts."""

    async def work(_: Settings, pool: Pool) -> list[KeyInfo]:
        return await list_keys(pool, account)

    keys = with_database(data_dir, work)
    if as_json:
        print_json(keys)
    else:
        print_table(
            ("id", "account", "name", "key", "scopes", "a minute", "a day", "last used", "state"),
            [_row(key) for key in keys],
        )


@app.command()
def revoke(key: KeyArgument, data_dir: DataDirOption = None, *, as_json: JsonOption = False) -> None:
    """Revoke a key. It stops working within a second."""

    async def work(_: Settings, pool: Pool) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await revoke_key(connection, key)
            await record(connection, AuditEntry(action="key.revoke", subject=f"key {key}"))

    with_database(data_dir, work)
    if as_json:
        print_json({"id": key, "revoked": True})
    else:
        typer.echo(f"Key {key} is revoked.")


@app.command()
def roll(
    key: KeyArgument,
    grace: Annotated[
        float,
        typer.Option(
            "--grace", metavar="HOURS", min=0, max=HOURS_IN_A_YEAR, help="Hours for which the old value works too."
        ),
    ] = 24,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Give a key a new value, which is shown only now.

    The key keeps its jobs, limits and webhook secret.
    """

    async def work(settings: Settings, pool: Pool) -> NewKey:
        async with pool.acquire() as connection, connection.transaction():
            rolled = await roll_key(connection, load_keyring(settings), key, grace=timedelta(hours=grace))
            await record(connection, AuditEntry(action="key.roll", subject=f"key {key}"))
        return rolled

    _show(with_database(data_dir, work), as_json=as_json)


@app.command("roll-webhook-secret")
def roll_webhook_secret_(
    key: KeyArgument,
    grace: Annotated[
        float,
        typer.Option(
            "--grace",
            metavar="HOURS",
            min=0,
            max=HOURS_IN_A_YEAR,
            help="Hours for which the old secret signs too.",
        ),
    ] = 24,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Give a key a new webhook secret, which is shown only now."""

    async def work(settings: Settings, pool: Pool) -> NewWebhookSecret:
        async with pool.acquire() as connection, connection.transaction():
            made = await roll_webhook_secret(connection, load_keyring(settings), key, grace=timedelta(hours=grace))
            await record(connection, AuditEntry(action="key.roll-webhook-secret", subject=f"key {key}"))
        return made

    rolled = with_database(data_dir, work)
    if as_json:
        print_json(rolled)
    else:
        typer.echo(f"id              {rolled.id}\nwebhook secret  {rolled.webhook_secret}")
        note("Store it now. It is not shown again.")


def _parse_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    if list(scopes) == [NO_SCOPE]:
        return ()
    if unknown := sorted(set(scopes) - set(SCOPES)):
        message = f"{', '.join(unknown)} is not a scope. Give {' or '.join(SCOPES)}, or {NO_SCOPE} alone."
        raise typer.BadParameter(message, param_hint="--scope")
    return tuple(dict.fromkeys(scopes))


def _show(key: NewKey, *, as_json: bool) -> None:
    if as_json:
        print_json(key)
    else:
        typer.echo(f"id              {key.id}\nkey             {key.key}\nwebhook secret  {key.webhook_secret}")
        note("Store them now. They are not shown again.")


def _row(key: KeyInfo) -> tuple[object, ...]:
    shown = f"{key.prefix}…{key.last_four}"
    scopes = ", ".join(key.scopes) or NO_SCOPE
    used = "never" if key.last_used_at is None else f"{key.last_used_at:%Y-%m-%d %H:%M}"
    state = "revoked" if key.revoked_at else "valid"
    quota = key.daily_quota or "no limit"
    return key.id, key.account_id, key.name, shown, scopes, key.rate_limit, quota, used, state
