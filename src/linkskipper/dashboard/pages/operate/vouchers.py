"""Vouchers, as operators make and end them."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from linkskipper.audit import record
from linkskipper.credits import (
    MAX_CREDITS,
    MAX_DAYS,
    MAX_NOTE_CHARACTERS,
    MAX_USES,
    MAX_VOUCHERS,
    VoucherTerms,
    create_vouchers,
    list_vouchers,
    revoke_voucher,
)
from linkskipper.dashboard.errors import not_found
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery
from linkskipper.errors import UnknownRecordError

PATH = f"{OPERATE}/vouchers"
PAGE_SIZE = 50
DEFAULTS = {"credits": "", "count": "1", "uses": "1", "days": "365", "note": ""}


class VouchersQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the page. `before` is the id of a voucher, and continues the list."""

    before: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None


async def show(call: PageCall) -> Response:
    """Show the vouchers and the form for new ones."""
    return await _page(call, Messages())


async def create(call: PageCall) -> Response:
    """Make vouchers and show their codes once."""
    fields = FormReader(call.form)
    terms = VoucherTerms(
        credits=fields.number("credits", least=1, most=MAX_CREDITS),
        max_uses=fields.number("uses", least=1, most=MAX_USES),
        lifetime=timedelta(days=fields.number("days", least=1, most=MAX_DAYS)),
        note=fields.text("note", longest=MAX_NOTE_CHARACTERS),
    )
    count = fields.number("count", least=1, most=MAX_VOUCHERS)
    if fields.errors:
        return await _page(call, fields.errors)
    async with call.services.pool.acquire() as connection, connection.transaction():
        code_hash, actor = call.services.keyring.hash, call.session.actor
        codes = await create_vouchers(connection, code_hash, terms, count=count, actor=actor)
        await record(connection, call.entry("voucher.create", f"{count} of {terms.credits} credits"))
    return call.render("voucher_codes.html", codes=codes, terms=terms)


async def revoke(call: PageCall) -> Response:
    """Revoke a voucher."""
    voucher_id = call.identifier("voucher_id", "voucher")
    async with call.services.pool.acquire() as connection, connection.transaction():
        try:
            await revoke_voucher(connection, voucher_id)
        except UnknownRecordError:
            raise not_found("voucher") from None
        await record(connection, call.entry("voucher.revoke", f"voucher {voucher_id}"))
    return call.redirect(f"{PATH}?done=voucher-revoked")


async def _page(call: PageCall, errors: Messages) -> Response:
    vouchers = await list_vouchers(call.services.pool, before=call.query.before, limit=PAGE_SIZE + 1)
    return call.render(
        "vouchers.html",
        status=422 if errors else 200,
        vouchers=vouchers[:PAGE_SIZE],
        older=f"{PATH}?before={vouchers[PAGE_SIZE - 1].id}" if len(vouchers) > PAGE_SIZE else None,
        form=DEFAULTS | {name: value for name, value in call.form.items() if name in DEFAULTS},
        errors=errors,
    )


PAGES = (
    PageRoute("GET", PATH, show, Access.OPERATOR, VouchersQuery),
    PageRoute("POST", PATH, create, Access.OPERATOR, VouchersQuery, fresh_proof=True),
    PageRoute("POST", PATH + "/{voucher_id}/revoke", revoke, Access.OPERATOR, fresh_proof=True),
)
