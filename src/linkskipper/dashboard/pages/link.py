"""One link: its result, its hops, its price and its webhook."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from starlette.responses import Response

from linkskipper.accounts import find_account_key
from linkskipper.credits import find_charge
from linkskipper.dashboard import words
from linkskipper.dashboard.errors import not_found
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.texts import JOB_REASON_TEXTS, MECHANISMS
from linkskipper.dashboard.visible import visible
from linkskipper.jobs import JobDetails, JobRow, JobStatus, read_details
from linkskipper.webhooks import Delivery, find_delivery_of_job

PATH = "/dashboard/links/{job_id}"
UUID_LENGTH = 36


class HopBar(NamedTuple):
    """A hop in the waterfall. `begin` and `width` are shares of the whole time in thousandths."""

    number: int
    url: str
    mechanism: str | None
    status: int | None
    milliseconds: float
    begin: float
    width: float


async def show(call: PageCall) -> Response:
    """Show a link."""
    details = await _find(call)
    job, pool, session = details.job, call.services.pool, call.session
    is_person = call.may(Access.VIEWER)
    return call.render(
        "link.html",
        **describe(details),
        live_path=call.path,
        report=_report(details),
        key=await find_account_key(pool, session.account_id, job.key_id),
        charge=await find_charge(pool, session.account_id, job.id) if is_person else None,
        delivery=await _delivery(call, job),
    )


def describe(details: JobDetails) -> dict[str, Any]:
    """Return what link_result.html shows of a job."""
    return {
        "details": details,
        "job": details.job,
        "verdict": _verdict(details),
        "advice": JOB_REASON_TEXTS.get(details.job.reason or ""),
        "bars": _bars(details),
    }


async def _find(call: PageCall) -> JobDetails:
    text = call.parameters["job_id"]
    try:
        job_id = UUID(text) if len(text) == UUID_LENGTH else None
    except ValueError:
        job_id = None
    details = None if job_id is None else await read_details(call.services.pool, call.owner, job_id)
    if details is None:
        raise not_found("link")
    return details


async def _delivery(call: PageCall, job: JobRow) -> Delivery | None:
    return await find_delivery_of_job(call.services.pool, job.id, key_id=job.key_id)


def _verdict(details: JobDetails) -> str:
    """Return the rest of a sentence that begins with the status."""
    job = details.job
    took = words.duration(job.milliseconds or 0)
    match job.status:
        case JobStatus.QUEUED:
            return f"and waits for a worker. It was number {details.queue_position} in its queue."
        case JobStatus.RUNNING:
            hops = "appear as they are taken" if details.live else "are stored when it ends"
            return f"in attempt {details.attempt}. The hops {hops}."
        case JobStatus.DONE:
            hops = {0: "", 1: " over 1 hop"}.get(len(details.hops), f" over {len(details.hops)} hops")
            return f"in {took}{hops}. {_price(job.credits_charged)}"
        case JobStatus.FAILED:
            return f"after {took}. It cost nothing."
        case JobStatus.INVALID:
            return f"after {took}, because it is not a link that can be resolved. It cost nothing."


def _price(charged: int) -> str:
    return "1 credit was charged." if charged == 1 else f"{charged} credits were charged."


def _bars(details: JobDetails) -> Sequence[HopBar]:
    total = sum(hop.milliseconds for hop in details.hops) or 1
    bars, begin = [], 0.0
    for number, hop in enumerate(details.hops, 1):
        width = 1000 * hop.milliseconds / total
        mechanism = None if hop.mechanism is None else MECHANISMS.get(hop.mechanism, hop.mechanism)
        bars.append(HopBar(number, hop.url, mechanism, hop.status, hop.milliseconds, begin, max(width, 4)))
        begin += width
    return bars


def _report(details: JobDetails) -> str:
    """Return a text for a bug report. Hosts, times and reasons are in it, and nothing of other links."""
    job = details.job
    lines = [
        f"Link: {visible(job.url)}",
        f"State: {job.status} {visible(job.reason or '')}".strip(),
        f"Provider: {visible(job.provider)} ({details.tier})",
        f"Submitted: {words.exact(job.created_at)}",
        f"Job: {job.id}",
        *(
            f"{number}. {visible(hop.url)}  {hop.mechanism or 'stopped here'}  {hop.status or 'no answer'}  "
            f"{timedelta(milliseconds=hop.milliseconds).total_seconds():.3f} s"
            for number, hop in enumerate(details.hops, 1)
        ),
        *([f"Target: {visible(job.target_url)}"] if job.target_url else []),
    ]
    return "\n".join(lines)


PAGES = (PageRoute("GET", PATH, show, Access.KEY),)
