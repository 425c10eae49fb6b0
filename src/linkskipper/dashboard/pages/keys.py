"""The list of keys, and the form for a new one."""

from starlette.responses import Response

from linkskipper.accounts import (
    DEFAULT_RATE_LIMIT,
    MAX_DAILY_QUOTA,
    MAX_NAME_CHARACTERS,
    MAX_RATE_LIMIT,
    SCOPES,
    create_key,
    list_account_keys,
)
from linkskipper.audit import record
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.page import Access, PageCall, PageRoute

PATH = "/dashboard/keys"
DEFAULTS = {"name": "", "resolve": "on", "rate_limit": str(DEFAULT_RATE_LIMIT), "daily_quota": ""}


async def show(call: PageCall) -> Response:
    """Show the keys of the account."""
    return await _page(call, DEFAULTS, Messages())


async def create(call: PageCall) -> Response:
    """Create a key and show it once."""
    fields = FormReader(call.form)
    name = fields.text("name", longest=MAX_NAME_CHARACTERS)
    rate_limit = fields.number("rate_limit", least=1, most=MAX_RATE_LIMIT)
    daily_quota = fields.optional_number("daily_quota", least=1, most=MAX_DAILY_QUOTA)
    if fields.errors:
        return await _page(call, {**DEFAULTS, "resolve": "", **call.form}, fields.errors)
    async with call.services.pool.acquire() as connection, connection.transaction():
        made = await create_key(
            connection,
            call.services.keyring,
            call.session.account_id,
            name=name,
            scopes=SCOPES if fields.checked("resolve") else (),
            rate_limit=rate_limit,
            daily_quota=daily_quota,
        )
        await record(connection, call.entry("key.create", f"key {made.id}"))
    return call.render("key_value.html", made=made, name=name, rolled=False)


async def _page(call: PageCall, form: dict[str, str], errors: Messages) -> Response:
    keys = await list_account_keys(call.services.pool, call.session.account_id)
    return call.render("keys.html", status=422 if errors else 200, keys=keys, form=form, errors=errors)


PAGES = (
    PageRoute("GET", PATH, show, Access.VIEWER),
    PageRoute("POST", PATH, create, Access.DEVELOPER, fresh_proof=True),
)
