"""linkskipper accounts …"""

from typing import Annotated

import typer

from linkskipper import credits
from linkskipper.accounts import Account, create_account, list_accounts
from linkskipper.cli.admin import print_json, print_table, with_database
from linkskipper.cli.options import AsJson, DataDir, command_tree
from linkskipper.database import Pool
from linkskipper.settings import Settings

app = command_tree(help="Accounts and their credits.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="For people; need not be unique.")],
    first_credits: Annotated[
        int | None,
        typer.Option("--credits", min=0, help="First credits. [default: LINKSKIPPER_NEW_ACCOUNT_CREDITS or 100]"),
    ] = None,
    telegram_id: Annotated[int | None, typer.Option("--telegram-id", help="Shown to the account's clients.")] = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make an account."""

    async def work(settings: Settings, pool: Pool) -> Account:
        granted = settings.new_account_credits if first_credits is None else first_credits
        return await create_account(pool, name, credits=granted, telegram_id=telegram_id)

    account = with_database(data_dir, work)
    if as_json:
        print_json({"id": account.id, "name": account.name, "balance": account.balance})
    else:
        typer.echo(f"Account {account.id} ({account.name}) with {account.balance} credits.")
        typer.echo(f"Make it a key: linkskipper keys create --account {account.id}", err=True)


@app.command("list")
def list_(data_dir: DataDir = None, *, as_json: AsJson = False) -> None:
    """List the accounts."""

    async def work(_: Settings, pool: Pool) -> list[Account]:
        return await list_accounts(pool)

    accounts = with_database(data_dir, work)
    if as_json:
        print_json(accounts)
    else:
        print_table(
            ("id", "name", "balance", "held", "telegram id"),
            [(each.id, each.name, each.balance, each.held, each.telegram_id) for each in accounts],
        )


@app.command()
def grant(
    account: Annotated[int, typer.Argument(help="The account's id.")],
    amount: Annotated[int, typer.Argument(help="Credits to add.", min=1)],
    note: Annotated[str | None, typer.Option("--note", help="Kept in the ledger.")] = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Add credits to an account."""

    async def work(_: Settings, pool: Pool) -> int:
        async with pool.acquire() as connection, connection.transaction():
            return await credits.grant(connection, account, amount, note=note)

    _show_balance(account, with_database(data_dir, work), as_json=as_json)


@app.command()
def correct(
    account: Annotated[int, typer.Argument(help="The account's id.")],
    amount: Annotated[int, typer.Option("--by", help="Credits to add, or (below 0) to take back.")],
    note: Annotated[str, typer.Option("--note", help="The reason, kept in the ledger.")],
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Put an account's credits right by hand."""
    if amount == 0:
        raise typer.BadParameter("a correction by 0 changes nothing", param_hint="--by")

    async def work(_: Settings, pool: Pool) -> int:
        async with pool.acquire() as connection, connection.transaction():
            return await credits.adjust(connection, account, amount, note=note)

    _show_balance(account, with_database(data_dir, work), as_json=as_json)


def _show_balance(account: int, balance: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": account, "balance": balance})
    else:
        typer.echo(f"Account {account} has {balance} credits now.")
