"""One provider: its hosts that fail, its samples, and its switch."""

from typing import NamedTuple
from uuid import UUID

from starlette.responses import Response

from linkskipper.audit import record
from linkskipper.catalog import Provider
from linkskipper.credits import MAX_NOTE_CHARACTERS
from linkskipper.dashboard.errors import changed_meanwhile, forbidden, not_found
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.operate.providers import PATH, UNKNOWN, row_of
from linkskipper.dashboard.pages.try_link import count_link, resolving_keys
from linkskipper.dashboard.query import UsageQuery
from linkskipper.errors import ApiError
from linkskipper.jobs import JobRow, NewJob, read_details
from linkskipper.provider_health import is_off, latency, list_circuits, read_conditions, switch_off, switch_on
from linkskipper.usage import UsageOwner

PROVIDER = PATH + "/{provider_id}"
SHOWN_SAMPLES = 12


class ProviderQuery(UsageQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the page. `job` is the link of a sample that was run."""

    job: UUID | None = None


class SampleRun(NamedTuple):
    """A sample that was run. `passed` is None until it ends."""

    job: JobRow
    expect: str
    passed: bool | None


async def show(call: PageCall) -> Response:
    """Show a provider."""
    return await _page(call, _find(call), Messages())


async def run_sample(call: PageCall) -> Response:
    """Resolve a sample with a key of the account of the session, as any other link. The cache does not answer.

    An operator who visits an account must not spend its credits.
    """
    if not call.may_resolve:
        raise forbidden("developer")
    provider = _find(call)
    urls = {sample.url for sample in provider.samples[:SHOWN_SAMPLES]}
    url, keys = call.form.get("url", ""), await resolving_keys(call)
    if url not in urls:
        return await _page(call, provider, Messages(sample="Choose a sample of the list."))
    if not keys:
        return await _page(call, provider, Messages(sample="Your account has no key that may resolve. Make one first."))
    key = keys[0]
    try:
        await count_link(call, key)
        submitted = await call.services.job_submitter.submit_afresh(
            NewJob(key.account_id, key.id, key.daily_quota, url, live=True)
        )
    except ApiError as refusal:
        return await _page(call, provider, Messages(sample=f"{refusal.title}. {refusal.detail}"))
    await call.audit("provider.sample", f"{provider.id}: link {submitted.job_id}")
    return call.redirect(f"{PATH}/{provider.id}?job={submitted.job_id}#samples")


async def off(call: PageCall) -> Response:
    """Refuse new links of the provider."""
    provider = _find(call)
    fields = FormReader(call.form)
    note = fields.text("note", longest=MAX_NOTE_CHARACTERS)
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


async def _read_run(call: PageCall, provider: Provider) -> SampleRun | None:
    job_id = getattr(call.query, "job", None)
    details = None if job_id is None else await read_details(call.services.pool, call.owner, job_id)
    if details is None:
        return None
    expect = next((sample.expect for sample in provider.samples if sample.url == details.job.url), None)
    if expect is None:
        return None
    job = details.job
    return SampleRun(job, expect, None if job.finished_at is None else job.target_url == expect)


async def _page(call: PageCall, provider: Provider, errors: Messages) -> Response:
    condition = (await read_conditions(call.services.pool)).get(provider.id, UNKNOWN)
    return call.render(
        "operate_provider.html",
        status=422 if errors else 200,
        row=row_of(call, provider, condition),
        latency=latency(provider, condition.stats),
        chart=await call.chart(UsageOwner(provider=provider.id)),
        usage_path=f"{PATH}/{provider.id}",
        samples=provider.samples[:SHOWN_SAMPLES],
        run=await _read_run(call, provider),
        circuits=await list_circuits(call.services.pool, provider.id),
        note=call.form.get("note", ""),
        errors=errors,
    )


PAGES = (
    PageRoute("GET", PROVIDER, show, Access.OPERATOR, ProviderQuery),
    PageRoute("POST", PROVIDER + "/sample", run_sample, Access.OPERATOR),
    PageRoute("POST", PROVIDER + "/off", off, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", PROVIDER + "/on", on, Access.OPERATOR, fresh_proof=True),
)
