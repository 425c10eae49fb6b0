"""linkskipper accounts …"""

from typing import Annotated

import typer

from linkskipper import credits
from linkskipper.accounts import Account, create_account, list_accounts
from linkskipper.audit import COMMAND_LINE, AuditEntry, record
from linkskipper.cli.database import with_database
from linkskipper.cli.names import check_name
from linkskipper.cli.options import DataDirOption, JsonOption, command_group
from linkskipper.cli.output import command, note, print_json, print_table
from linkskipper.database import Pool
from linkskipper.errors import OperatorError
from linkskipper.settings import Settings

app = command_group(help="Manage accounts and their credits.")

ReferenceOption = Annotated[
    str | None,
    typer.Option("--reference", metavar="NAME", help="What the change is for. Nothing is booked twice under one name."),
]
AccountArgument = Annotated[int, typer.Argument(metavar="ID", help="Id of the account.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name for people. Several accounts may have it.")],
    first_credits: Annotated[
        int | None,
        typer.Option(
            "--credits",
            metavar="CREDITS",
            min=0,
            help="First credits.",
            show_default="LINKSKIPPER_NEW_ACCOUNT_CREDITS or 100",
        ),
    ] = None,
    telegram_id: Annotated[
        int | None, typer.Option("--telegram-id", metavar="ID", help="Telegram id, shown to the account's clients.")
    ] = None,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Create an account."""
    name = check_name(name, "NAME")

    async def work(settings: Settings, pool: Pool) -> Account:
        amount = settings.new_account_credits if first_credits is None else first_credits
        return await create_account(pool, name, credits=amount, telegram_id=telegram_id)

    account = with_database(data_dir, work)
    if as_json:
        print_json({"id": account.id, "name": account.name, "balance": account.balance})
    else:
        typer.echo(f"Account {account.id} ({account.name}) has {account.balance} credits.")
        note(f"Create a key for it: {command()} keys create --account {account.id}")


@app.command("list")
def list_(data_dir: DataDirOption = None, *, as_json: JsonOption = False) -> None:
    """List all accounts."""

    async def work(_: Settings, pool: Pool) -> list[Account]:
        return await list_accounts(pool)

    accounts = with_database(data_dir, work)
    if as_json:
        print_json(accounts)
    else:
        print_table(
            ("id", "name", "balance", "held", "telegram id"),
            [(account.id, account.name, account.balance, account.held, account.telegram_id) for account in accounts],
        )


@app.command()
def grant(
    account: AccountArgument,
    amount: Annotated[int, typer.Argument(metavar="CREDITS", help="Credits to add.", min=1)],
    reason: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Reason, kept in the ledger.")] = None,
    reference: ReferenceOption = None,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Add credits to an account."""
    _check_amount(amount)

    async def work(_: Settings, pool: Pool) -> int:
        async with pool.acquire() as connection, connection.transaction():
            balance = await credits.grant(
                connection, account, amount, note=reason, reference=reference, actor=COMMAND_LINE
            )
            await record(connection, _entry("credits.grant", account, amount, reference))
        return balance

    _show_balance(account, with_database(data_dir, work), as_json=as_json)


@app.command()
def correct(
    account: AccountArgument,
    amount: Annotated[int, typer.Option("--by", metavar="CREDITS", help="Credits to add. Below 0 takes credits back.")],
    reason: Annotated[str, typer.Option("--note", metavar="TEXT", help="Reason, kept in the ledger.")],
    reference: ReferenceOption = None,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Correct the balance of an account."""
    if amount == 0:
        raise typer.BadParameter("a correction by 0 changes nothing", param_hint="--by")
    _check_amount(amount)

    async def work(_: Settings, pool: Pool) -> int:
        async with pool.acquire() as connection, connection.transaction():
            balance = await credits.adjust(
                connection, account, amount, note=reason, reference=reference, actor=COMMAND_LINE
            )
            await record(connection, _entry("credits.correct", account, amount, reference))
        return balance

    _show_balance(account, with_database(data_dir, work), as_json=as_json)


def _check_amount(amount: int) -> None:
    if abs(amount) > credits.MAX_CREDITS:
        raise OperatorError(f"The amount is too large: at most {credits.MAX_CREDITS} credits are booked at once.")


def _entry(action: str, account: int, amount: int, reference: str | None) -> AuditEntry:
    named = f", reference {reference}" if reference else ""
    return AuditEntry(action=action, account_id=account, subject=f"account {account}: {amount}{named}")


def _show_balance(account: int, balance: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": account, "balance": balance})
    else:
        typer.echo(f"Account {account} now has {balance} credits.")
