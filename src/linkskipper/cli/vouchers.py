"""linkskipper vouchers …"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from linkskipper.accounts import load_keyring
from linkskipper.audit import COMMAND_LINE, AuditEntry, record
from linkskipper.cli.database import with_database
from linkskipper.cli.options import DataDirOption, JsonOption, command_group
from linkskipper.cli.output import note, print_json, print_table
from linkskipper.credits import (
    MAX_CREDITS,
    MAX_DAYS,
    MAX_USES,
    MAX_VOUCHERS,
    Voucher,
    VoucherTerms,
    create_vouchers,
    list_vouchers,
    revoke_voucher,
)
from linkskipper.database import Pool
from linkskipper.settings import Settings

LISTED = 1000

app = command_group(help="Manage codes that give credits to accounts.")


@app.command()
def create(
    credits: Annotated[
        int, typer.Argument(metavar="CREDITS", min=1, max=MAX_CREDITS, help="Credits of each redemption.")
    ],
    reason: Annotated[str, typer.Option("--note", metavar="TEXT", help="What the vouchers are for.")],
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, max=MAX_VOUCHERS, help="Vouchers to make.")] = 1,
    uses: Annotated[
        int,
        typer.Option(
            "--uses", metavar="N", min=1, max=MAX_USES, help="Accounts that can redeem each voucher, each once."
        ),
    ] = 1,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=MAX_DAYS, help="Days until the vouchers expire.")
    ] = 365,
    data_dir: DataDirOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Create vouchers. Their codes are shown only now."""
    terms = VoucherTerms(credits, uses, timedelta(days=days), reason)

    async def work(settings: Settings, pool: Pool) -> list[str]:
        code_hash = load_keyring(settings).hash
        async with pool.acquire() as connection, connection.transaction():
            codes = await create_vouchers(connection, code_hash, terms, count=count, actor=COMMAND_LINE)
            await record(connection, AuditEntry(action="voucher.create", subject=f"{count} of {credits} credits"))
        return codes

    codes = with_database(data_dir, work)
    if as_json:
        print_json(codes)
    else:
        typer.echo("\n".join(codes))
        note("Each code is shown only now. People redeem it in the dashboard, under Credits.")


@app.command("list")
def list_(data_dir: DataDirOption = None, *, as_json: JsonOption = False) -> None:
    """List the newest vouchers, without their codes."""

    async def work(_: Settings, pool: Pool) -> Sequence[Voucher]:
        return await list_vouchers(pool, before=None, limit=LISTED)

    vouchers = with_database(data_dir, work)
    if as_json:
        print_json(vouchers)
    else:
        print_table(
            ("id", "code", "credits", "used", "state", "expires", "note"),
            [
                (
                    *(voucher.id, f"…{voucher.last_four}", voucher.credits, f"{voucher.uses} of {voucher.max_uses}"),
                    *(voucher.state, voucher.expires_at.date().isoformat(), voucher.note),
                )
                for voucher in vouchers
            ],
        )


@app.command()
def revoke(
    voucher: Annotated[int, typer.Argument(metavar="ID", help="Id of the voucher.")], data_dir: DataDirOption = None
) -> None:
    """Revoke a voucher. It can no longer be redeemed. Credits that it gave before stay."""

    async def work(_: Settings, pool: Pool) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await revoke_voucher(connection, voucher)
            await record(connection, AuditEntry(action="voucher.revoke", subject=f"voucher {voucher}"))

    with_database(data_dir, work)
    typer.echo(f"Voucher {voucher} is revoked.")
