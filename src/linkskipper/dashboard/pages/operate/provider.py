"""One provider: its hosts that fail, and its switch."""

from starlette.responses import Response

from linkskipper.audit import record
from linkskipper.catalog import Provider
from linkskipper.dashboard.errors import changed_meanwhile, not_found
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.operate.providers import PATH, UNKNOWN, row_of
from linkskipper.dashboard.query import UsageQuery
from linkskipper.provider_health import is_off, latency, list_circuits, read_conditions, switch_off, switch_on
from linkskipper.usage import UsageOwner

PROVIDER = PATH + "/{provider_id}"
MAX_NOTE = 500


async def show(call: PageCall) -> Response:
    """Show a provider."""
    return await _page(call, _find(call), Messages())


async def off(call: PageCall) -> Response:
    """Refuse new links of the provider."""
    provider = _find(call)
    fields = FormReader(call.form)
    note = fields.text("note", longest=MAX_NOTE)
    if fields.errors:
        return await _page(call, provider, fields.errors)
    async with call.services.pool.acquire() as connection, connection.transaction():
        if await is_off(connection, provider.id):
            raise changed_meanwhile("Another operator switched this provider off meanwhile.")
        await switch_off(connection, provider.id, note=note)
        await record(connection, call.entry("provider.off", f"{provider.id}: {note}"))
    return call.redirect(f"{PATH}/{provider.id}?done=provider-off")


async def on(call: PageCall) -> Response:
    """Accept links of the provider again."""
    provider = _find(call)
    async with call.services.pool.acquire() as connection, connection.transaction():
        if not await is_off(connection, provider.id):
            raise changed_meanwhile("Another operator switched this provider on meanwhile.")
        await switch_on(connection, provider.id)
        await record(connection, call.entry("provider.on", provider.id))
    return call.redirect(f"{PATH}/{provider.id}?done=provider-on")


def _find(call: PageCall) -> Provider:
    provider = call.services.catalog.find(call.parameters["provider_id"])
    if provider is None:
        raise not_found("provider")
    return provider


async def _page(call: PageCall, provider: Provider, errors: Messages) -> Response:
    condition = (await read_conditions(call.services.pool)).get(provider.id, UNKNOWN)
    return call.render(
        "operate_provider.html",
        status=422 if errors else 200,
        row=row_of(call, provider, condition),
        latency=latency(provider, condition.stats),
        chart=await call.chart(UsageOwner(provider=provider.id)),
        usage_path=f"{PATH}/{provider.id}",
        circuits=await list_circuits(call.services.pool, provider.id),
        note=call.form.get("note", ""),
        errors=errors,
    )


PAGES = (
    PageRoute("GET", PROVIDER, show, Access.OPERATOR, UsageQuery),
    PageRoute("POST", PROVIDER + "/off", off, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", PROVIDER + "/on", on, Access.OPERATOR, fresh_proof=True),
)
