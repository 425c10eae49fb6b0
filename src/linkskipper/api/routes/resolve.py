"""POST /v1/resolve."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler

from linkskipper.api.answer import JsonAnswer
from linkskipper.api.auth import KeyRequest
from linkskipper.api.backend import Services
from linkskipper.api.body import read_body
from linkskipper.api.fields import Balance, CreditsCharged, JobId, ProviderId, ProviderTier, TargetUrl, told
from linkskipper.api.middleware import count_accepted
from linkskipper.api.waiting import Wait, wait_for_job
from linkskipper.errors import InvalidRequest, LinkRemoved, ResolveFailed, UnsupportedLink
from linkskipper.jobs import JobState, JobStatus, NewJob, Queued, Resolved
from linkskipper.metrics import CACHED, QUEUED
from linkskipper.resolver import Reason


class ResolvedAnswer(msgspec.Struct, frozen=True):
    """200: the link's target, from the cache (job_id null) or from a job that is done."""

    job_id: Annotated[UUID | None, told("The job that resolved the link; null where the answer is from the cache.")]
    status: Literal["done"]
    url: Annotated[str, told("The link, as submitted.")]
    target_url: TargetUrl
    provider: ProviderId
    tier: ProviderTier
    credits_charged: CreditsCharged
    cached: Annotated[bool, told("Whether the answer is from the cache, which is free.")]
    balance: Balance


class QueuedAnswer(msgspec.Struct, frozen=True):
    """202: a job is under way; poll it."""

    job_id: JobId
    status: Literal["queued"]
    queue_position: Annotated[
        int, told("How many jobs were to be taken up to this one, when it was submitted; roughly.")
    ]
    poll_url: Annotated[str, told("Where to ask for the job, under the service's address.")]


def route(backend: Services) -> HTTPRouteHandler:
    """The route handler."""

    @post("/resolve", opt={"scope": "resolve"})
    async def resolve(request: KeyRequest, wait: Wait = 0) -> JsonAnswer:
        """Answer from the cache, or queue a job."""
        body = read_body(await _whole_body(request), request.headers.get("idempotency-key"))
        submitted = await backend.submitter.submit(
            NewJob(
                account_id=request.auth.account_id,
                key_id=request.auth.id,
                daily_quota=request.auth.daily_quota,
                url=body.url,
                idempotency_key=body.idempotency_key,
                webhook_url=body.webhook_url,
            )
        )
        match submitted:
            case Resolved():
                CACHED.inc()
                count_accepted(request.scope)
                return _resolved(submitted, cached=True)
            case Queued():
                QUEUED.inc()
                count_accepted(request.scope)
                state = await wait_for_job(backend, request.auth.id, submitted.job_id, wait) if wait else None
                if state is not None and state.status is JobStatus.DONE:
                    return _done(state)
                return _queued(submitted.job_id, submitted.position)
            case JobState():
                state = await wait_for_job(backend, request.auth.id, submitted.job_id, wait) if wait else None
                return _replay(state or submitted)

    return resolve


async def _whole_body(request: KeyRequest) -> bytes:
    try:
        return await request.body()
    except InternalServerException:  # what Litestar raises where the client hangs up amid its body
        raise InvalidRequest("the body ended too early") from None


def _done(state: JobState) -> JsonAnswer:
    return _resolved(
        Resolved(
            job_id=state.job_id,
            url=state.url,
            target_url=state.target_url or "",
            provider=state.provider,
            tier=state.tier,
            credits_charged=state.credits_charged,
            balance=state.balance,
        ),
        cached=False,
    )


def _resolved(resolved: Resolved, *, cached: bool) -> JsonAnswer:
    return JsonAnswer(
        ResolvedAnswer(
            job_id=resolved.job_id,
            status="done",
            url=resolved.url,
            target_url=resolved.target_url,
            provider=resolved.provider,
            tier=resolved.tier,
            credits_charged=resolved.credits_charged,
            cached=cached,
            balance=resolved.balance,
        )
    )


def _queued(job_id: UUID, position: int) -> JsonAnswer:
    poll_url = f"/v1/jobs/{job_id}"
    answer = QueuedAnswer(job_id, "queued", position, poll_url)
    return JsonAnswer(answer, status=202, headers=[(b"location", poll_url.encode())])


def _replay(state: JobState) -> JsonAnswer:
    """The state of the job that the idempotency key started (api.md, "Idempotency")."""
    match state.status:
        case JobStatus.DONE:
            return _done(state)
        case JobStatus.FAILED if state.reason == Reason.LINK_REMOVED:
            raise LinkRemoved("The shortener says that this link was removed.")
        case JobStatus.FAILED:
            raise ResolveFailed(f"The job of this idempotency key failed ({state.reason}): use a new key to try again.")
        case JobStatus.INVALID:
            raise UnsupportedLink(f"The job of this idempotency key found no link to resolve ({state.reason}).")
        case JobStatus.QUEUED | JobStatus.RUNNING:
            return _queued(state.job_id, state.queue_position)
