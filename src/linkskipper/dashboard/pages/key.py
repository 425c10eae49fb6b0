"""One key: its limits, its use, and the ways to replace or end it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256

from starlette.responses import Response

from linkskipper.accounts import (
    MAX_DAILY_QUOTA,
    MAX_NAME_CHARACTERS,
    MAX_RATE_LIMIT,
    KeyOverview,
    change_key,
    find_account_key,
    revoke_key,
    roll_key,
    roll_webhook_secret,
)
from linkskipper.audit import record
from linkskipper.dashboard.errors import PageError, changed_meanwhile, not_found
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.keys import PATH
from linkskipper.dashboard.query import UsageQuery
from linkskipper.database import Connection
from linkskipper.errors import UnknownRecordError
from linkskipper.usage import UsageOwner

KEY = PATH + "/{key_id}"
MAX_GRACE_HOURS = 720


async def show(call: PageCall) -> Response:
    """Show a key."""
    return await _page(call, await _find(call), Messages())


async def change(call: PageCall) -> Response:
    """Change the name and the limits."""
    key = await _find(call)
    fields = FormReader(call.form)
    name = fields.text("name", longest=MAX_NAME_CHARACTERS)
    rate_limit = fields.number("rate_limit", least=1, most=MAX_RATE_LIMIT)
    daily_quota = fields.optional_number("daily_quota", least=1, most=MAX_DAILY_QUOTA)
    if fields.errors:
        return await _page(call, key, fields.errors)
    if call.form.get("seen") not in {None, _seen(key)}:
        raise changed_meanwhile("Somebody changed this key meanwhile.")
    async with _changing(call, "key.change", key) as connection:
        if not await change_key(
            connection,
            call.session.account_id,
            key.id,
            name=name,
            rate_limit=rate_limit,
            daily_quota=daily_quota,
        ):
            raise _revoked_meanwhile()
    return call.redirect(f"{PATH}/{key.id}?done=key-changed")


async def roll(call: PageCall) -> Response:
    """Give the key a new value and show it once."""
    key = await _find(call)
    fields = FormReader(call.form)
    hours = fields.number("grace", least=0, most=MAX_GRACE_HOURS)
    if fields.errors:
        return await _page(call, key, fields.errors)
    async with _changing(call, "key.roll", key) as connection:
        made = await roll_key(connection, call.services.keyring, key.id, grace=timedelta(hours=hours))
    return call.render("key_value.html", made=made, name=key.name, rolled=True)


async def roll_secret(call: PageCall) -> Response:
    """Give the key a new webhook secret and show it once."""
    key = await _find(call)
    fields = FormReader(call.form)
    hours = fields.number("secret_grace", least=0, most=MAX_GRACE_HOURS)
    if fields.errors:
        return await _page(call, key, fields.errors)
    async with _changing(call, "key.roll-webhook-secret", key) as connection:
        made = await roll_webhook_secret(connection, call.services.keyring, key.id, grace=timedelta(hours=hours))
    return call.render("secret_value.html", made=made, name=key.name)


async def revoke(call: PageCall) -> Response:
    """Revoke the key, once its last four characters are typed."""
    key = await _find(call)
    if call.form.get("last_four", "").strip() != key.last_four:
        return await _page(
            call, key, Messages(last_four=f"Type {key.last_four}, the last four characters of this key.")
        )
    async with _changing(call, "key.revoke", key) as connection:
        await revoke_key(connection, key.id)
    return call.redirect(f"{PATH}/{key.id}?done=key-revoked")


@asynccontextmanager
async def _changing(call: PageCall, action: str, key: KeyOverview) -> AsyncIterator[Connection]:
    """Provide a transaction that changes a key and records it, or does neither."""
    async with call.services.pool.acquire() as connection, connection.transaction():
        try:
            yield connection
        except UnknownRecordError:
            raise _revoked_meanwhile() from None
        await record(connection, call.entry(action, f"key {key.id}"))


async def _find(call: PageCall) -> KeyOverview:
    key_id = call.identifier("key_id", "key")
    key = await find_account_key(call.services.pool, call.session.account_id, key_id)
    if key is None:
        raise not_found("key")
    return key


def _seen(key: KeyOverview) -> str:
    """Return what a form showed of a key, so that two people who change it at the same time notice each other."""
    return sha256(repr((key.name, key.rate_limit, key.daily_quota)).encode()).hexdigest()[:16]


async def _page(call: PageCall, key: KeyOverview, errors: Messages) -> Response:
    form = {
        "name": key.name,
        "seen": _seen(key),
        "rate_limit": str(key.rate_limit),
        "daily_quota": str(key.daily_quota or ""),
        "grace": "24",
        "secret_grace": "24",
        "last_four": "",
    }
    form |= {name: value for name, value in call.form.items() if name in form}
    return call.render(
        "key.html",
        status=422 if errors else 200,
        key=key,
        form=form,
        errors=errors,
        chart=await call.chart(UsageOwner(key_id=key.id)),
        usage_path=f"{PATH}/{key.id}",
    )


def _revoked_meanwhile() -> PageError:
    return changed_meanwhile("Somebody revoked this key meanwhile.")


PAGES = (
    PageRoute("GET", KEY, show, Access.VIEWER, UsageQuery),
    PageRoute("POST", KEY, change, Access.DEVELOPER),
    PageRoute("POST", KEY + "/roll", roll, Access.DEVELOPER, fresh_proof=True),
    PageRoute("POST", KEY + "/webhook-secret", roll_secret, Access.DEVELOPER, fresh_proof=True),
    PageRoute("POST", KEY + "/revoke", revoke, Access.DEVELOPER),
)
