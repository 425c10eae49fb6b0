"""linkskipper keys …"""

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
from linkskipper.accounts.api_keys import DEFAULT_RATE_LIMIT, SCOPES
from linkskipper.cli.admin import print_json, print_table, with_database
from linkskipper.cli.options import AsJson, DataDir, command_tree
from linkskipper.database import Pool
from linkskipper.settings import Settings

app = command_tree(help="API keys: made, listed, revoked.")


@app.command()
def create(
    account: Annotated[int, typer.Option("--account", help="The account's id.")],
    name: Annotated[str, typer.Option("--name", help="For people.")] = "default",
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help=f"What it may do: {', '.join(SCOPES)}. [default: all]")
    ] = None,
    rate_limit: Annotated[
        int, typer.Option("--rate-limit", min=1, max=1_000_000, help="Calls in any 60 seconds.")
    ] = DEFAULT_RATE_LIMIT,
    daily_quota: Annotated[
        int | None, typer.Option("--daily-quota", min=1, max=2**31 - 1, help="Resolves a UTC day. [default: no limit]")
    ] = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make a key; it and its webhook secret are shown only now."""
    unknown = sorted(set(scopes or ()) - set(SCOPES))
    if unknown:
        raise typer.BadParameter(f"there is no scope {', '.join(unknown)}; there is: {', '.join(SCOPES)}")

    async def work(settings: Settings, pool: Pool) -> NewKey:
        return await create_key(
            pool,
            load_keyring(settings),
            account,
            name=name,
            scopes=SCOPES if scopes is None else scopes,
            rate_limit=rate_limit,
            daily_quota=daily_quota,
        )

    _show(with_database(data_dir, work), as_json=as_json)


@app.command("list")
def list_(
    account: Annotated[int | None, typer.Option("--account", help="Only this account's. [default: all]")] = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the keys, without what would let anyone use them."""

    async def work(_: Settings, pool: Pool) -> list[KeyInfo]:
        return await list_keys(pool, account)

    keys = with_database(data_dir, work)
    if as_json:
        print_json(keys)
    else:
        print_table(
            ("id", "account", "name", "key", "a minute", "a day", "last used", "state"),
            [_row(key) for key in keys],
        )


@app.command()
def revoke(
    key: Annotated[int, typer.Argument(help="The key's id.")], data_dir: DataDir = None, *, as_json: AsJson = False
) -> None:
    """Revoke a key; it stops working everywhere within a second."""

    async def work(_: Settings, pool: Pool) -> None:
        await revoke_key(pool, key)

    with_database(data_dir, work)
    if as_json:
        print_json({"id": key, "revoked": True})
    else:
        typer.echo(f"Key {key} is revoked.")


@app.command()
def roll(
    key: Annotated[int, typer.Argument(help="The key's id.")],
    grace: Annotated[
        float, typer.Option("--grace", min=0, max=8760, help="Hours for which the old value goes on working.")
    ] = 24,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give a key a new value, shown only now; it keeps its jobs, limits and webhook secret."""

    async def work(settings: Settings, pool: Pool) -> NewKey:
        return await roll_key(pool, load_keyring(settings), key, grace=timedelta(hours=grace))

    _show(with_database(data_dir, work), as_json=as_json)


@app.command("roll-webhook-secret")
def roll_webhook_secret_(
    key: Annotated[int, typer.Argument(help="The key's id.")],
    grace: Annotated[
        float, typer.Option("--grace", min=0, max=8760, help="Hours for which the old secret signs beside the new one.")
    ] = 24,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give a key a new webhook secret, shown only now."""

    async def work(settings: Settings, pool: Pool) -> NewWebhookSecret:
        return await roll_webhook_secret(pool, load_keyring(settings), key, grace=timedelta(hours=grace))

    made = with_database(data_dir, work)
    if as_json:
        print_json(made)
    else:
        typer.echo(f"id              {made.id}\nwebhook secret  {made.webhook_secret}")
        typer.echo("Keep it now: it is not shown again.", err=True)


def _show(key: NewKey, *, as_json: bool) -> None:
    if as_json:
        print_json(key)
    else:
        typer.echo(f"id              {key.id}\nkey             {key.key}\nwebhook secret  {key.webhook_secret}")
        typer.echo("Keep them now: they are not shown again.", err=True)


def _row(key: KeyInfo) -> tuple[object, ...]:
    shown = f"{key.prefix}…{key.last_four}"
    used = "never" if key.last_used_at is None else f"{key.last_used_at:%Y-%m-%d %H:%M}"
    state = "revoked" if key.revoked_at else "valid"
    return key.id, key.account_id, key.name, shown, key.rate_limit, key.daily_quota or "no limit", used, state
