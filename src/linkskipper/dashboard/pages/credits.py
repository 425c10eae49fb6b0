"""The credits of the account: the balance, every change of it with its reason, and the ways to get more."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from linkskipper.accounts import get_account
from linkskipper.credits import list_entries, read_spending, redeem_voucher, topup_links
from linkskipper.dashboard.fields import Messages
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery
from linkskipper.dashboard.words import lasting
from linkskipper.errors import TooManyVoucherTries, VoucherError

PATH = "/dashboard/credits"
PAGE_SIZE = 50


class CreditsQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the page. `before` is the id of an entry, and continues the list."""

    before: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None


async def show(call: PageCall) -> Response:
    """Show the balance and a page of the ledger."""
    return await _page(call, Messages())


async def redeem(call: PageCall) -> Response:
    """Redeem a voucher."""
    services, account_id = call.services, call.session.account_id
    try:
        redeemed = await redeem_voucher(
            services.pool,
            services.keyring.hash,
            call.form.get("voucher", ""),
            account_id=account_id,
            actor=call.session.actor,
        )
    except VoucherError as error:
        if not isinstance(error, TooManyVoucherTries):
            await call.audit("voucher.refused")
        return await _page(call, Messages(voucher=str(error)))
    await call.audit("voucher.redeem", f"voucher {redeemed.voucher_id}: {redeemed.credits}")
    return call.redirect(f"{PATH}?done=voucher-redeemed")


async def _page(call: PageCall, errors: Messages) -> Response:
    query: CreditsQuery = call.query
    pool, account_id = call.services.pool, call.session.account_id
    entries = await list_entries(pool, account_id, before=query.before, limit=PAGE_SIZE)
    account, spending = await get_account(pool, account_id), await read_spending(pool, account_id)
    return call.render(
        "credits.html",
        status=422 if errors else 200,
        account=account,
        spending=spending,
        lasts=lasting(account.balance - account.held, spending.charged, spending.since, datetime.now(UTC)),
        entries=entries.rows,
        older=None if entries.next is None else f"{PATH}?before={entries.next}",
        errors=errors,
        voucher=call.form.get("voucher", ""),
        topup_links=topup_links(call.services.topup_links, account_id),
    )


PAGES = (
    PageRoute("GET", PATH, show, Access.VIEWER, CreditsQuery),
    PageRoute("POST", PATH + "/redeem", redeem, Access.DEVELOPER, CreditsQuery),
)
