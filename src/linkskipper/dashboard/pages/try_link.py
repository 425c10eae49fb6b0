"""Try: resolve a link in the browser and watch its hops."""

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta
from starlette.responses import Response

from linkskipper.accounts import KeyOverview, get_account, list_account_keys
from linkskipper.credits import TopupLink, topup_links
from linkskipper.dashboard.errors import not_found
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.link import describe
from linkskipper.dashboard.query import NoticeQuery
from linkskipper.dashboard.texts import REFUSAL_STEPS
from linkskipper.errors import ApiError, OutOfCredits, RateLimited
from linkskipper.jobs import NewJob, Resolved, read_details

PATH = "/dashboard/try"


class TryQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the page: the job to watch, or the link to begin with."""

    job: UUID | None = None
    link: Annotated[str, Meta(max_length=LIMITS.url)] | None = None


async def show(call: PageCall) -> Response:
    """Show the form, and the job that it started."""
    query: TryQuery = call.query
    if query.job is None:
        return await _page(call, query.link or "")
    details = await read_details(call.services.pool, call.owner, query.job)
    if details is None:
        raise not_found("link")
    return await _page(call, details.job.url, key_id=details.job.key_id, **describe(details))


async def resolve(call: PageCall) -> Response:
    """Resolve a link with a key of the account."""
    fields = FormReader(call.form)
    link = fields.text("url", longest=LIMITS.url)
    key = _chosen(await resolving_keys(call), call.form.get("key_id", ""))
    if key is None:
        fields.errors["key_id"] = "Choose a key of the list."
    if fields.errors or key is None:
        return await _page(call, link, errors=fields.errors, status=422)
    new = NewJob(key.account_id, key.id, key.daily_quota, link, live=True)
    try:
        await count_link(call, key)
        submitted = await call.services.job_submitter.submit(new)
    except ApiError as refusal:
        step = REFUSAL_STEPS.get(type(refusal))
        return await _page(
            call, link, key_id=key.id, refusal=refusal, step=step, topup_links=_topup_links(call, refusal), status=422
        )
    if isinstance(submitted, Resolved):
        return await _page(call, link, key_id=key.id, cached=submitted)
    await call.audit("link.try", f"job {submitted.job_id}")
    return call.redirect(f"{PATH}?job={submitted.job_id}")


def _topup_links(call: PageCall, refusal: ApiError) -> list[TopupLink]:
    is_about_credits = isinstance(refusal, OutOfCredits)
    return topup_links(call.services.topup_links, call.session.account_id) if is_about_credits else []


async def count_link(call: PageCall, key: KeyOverview) -> None:
    """Count a link towards the calls of its key, as if it came through the API.

    Raises:
        RateLimited: The key has no call left.
    """
    seconds = await call.services.count_call(key.id, key.rate_limit)
    if seconds is not None:
        limit = f"This key may call {key.rate_limit} times in 60 seconds."
        raise RateLimited(f"{limit} Try again in {seconds} s.", retry_after=seconds)


async def resolving_keys(call: PageCall) -> list[KeyOverview]:
    """Return the keys that may resolve. A closed account has none."""
    pool, account_id = call.services.pool, call.session.account_id
    if (await get_account(pool, account_id)).closed_at is not None:
        return []
    keys = await list_account_keys(pool, account_id)
    return [key for key in keys if key.revoked_at is None and "resolve" in key.scopes]


def _chosen(keys: list[KeyOverview], key_id: str) -> KeyOverview | None:
    return next((key for key in keys if str(key.id) == key_id), None)


async def _page(call: PageCall, link: str, *, status: int = 200, **values: Any) -> Response:
    defaults: dict[str, Any] = {"errors": Messages(), "details": None, "cached": None, "refusal": None, "step": None}
    defaults |= {"key_id": None, "topup_links": []}
    return call.render(
        "try.html",
        status=status,
        link=link,
        keys=await resolving_keys(call),
        samples=call.services.sample_links,
        snippets=call.services.snippets(link) if link else (),
        live_path=call.path if call.query.job is None else f"{PATH}?job={call.query.job}",
        **(defaults | values),
    )


PAGES = (
    PageRoute("GET", PATH, show, Access.VIEWER, TryQuery),
    PageRoute("POST", PATH, resolve, Access.DEVELOPER, TryQuery),
)
