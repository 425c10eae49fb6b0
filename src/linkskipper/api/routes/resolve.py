"""POST /v1/resolve."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from linkskipper.api.body import IdempotencyKey, ResolveRequest, parse_resolve_request, read_body
from linkskipper.api.endpoint import Call, Endpoint, RequestBody, Success
from linkskipper.api.examples import EXAMPLE_JOB_ID, EXAMPLE_LINK, EXAMPLE_TARGET
from linkskipper.api.fields import Balance, CreditsCharged, JobId, ProviderId, ProviderTier, TargetUrl, describe
from linkskipper.api.responses import ApiResponse, json_response
from linkskipper.api.services import Services
from linkskipper.api.waiting import WaitSeconds, wait_for_job
from linkskipper.errors import (
    ForbiddenScope,
    InvalidRequest,
    LinkRemoved,
    OutOfCredits,
    ProviderDown,
    QuotaExceeded,
    ResolveFailed,
    UnsupportedLink,
)
from linkskipper.jobs import JobState, JobStatus, NewJob, Queued, Resolved
from linkskipper.metrics import CACHED, QUEUED
from linkskipper.resolver import Reason


class ResolveQuery(msgspec.Struct, frozen=True):
    """The query of POST /v1/resolve."""

    wait: WaitSeconds = 0


class ResolveHeaders(msgspec.Struct, rename={"idempotency_key": "Idempotency-Key"}):
    """The headers of POST /v1/resolve."""

    idempotency_key: (
        Annotated[
            IdempotencyKey,
            describe("Means the same as `idempotency_key` in the body, which overrides it.", example="order-1842"),
        ]
        | UnsetType
    ) = UNSET


class ResolvedResponse(msgspec.Struct, frozen=True):
    """A resolved link: from the cache (`job_id` null) or from a job that is done."""

    job_id: Annotated[UUID | None, describe("The job that resolved the link. Null if the answer is from the cache.")]
    status: Literal["done"]
    url: Annotated[str, describe("The link as submitted.")]
    target_url: TargetUrl
    provider: ProviderId
    tier: ProviderTier
    credits_charged: CreditsCharged
    cached: Annotated[bool, describe("True if the answer is from the cache, which is free.")]
    balance: Balance


class QueuedResponse(msgspec.Struct, frozen=True):
    """A job that is queued or running."""

    job_id: JobId
    status: Literal["queued"]
    queue_position: Annotated[
        int, describe("The approximate position in the queue when the job was submitted. 1 is the next job.")
    ]
    poll_url: Annotated[str, describe("The path of the job.")]


async def resolve(services: Services, call: Call[ResolveQuery]) -> ApiResponse:
    """Answer from the cache, or queue a job."""
    request, key, wait = call.request, call.key, call.query.wait
    body = parse_resolve_request(await read_body(request), request.header(b"idempotency-key"))
    new = NewJob(
        account_id=key.account_id,
        key_id=key.id,
        daily_quota=key.daily_quota,
        url=body.url,
        idempotency_key=body.idempotency_key,
        webhook_url=body.webhook_url,
    )
    try:
        submitted = await services.job_submitter.submit(new)
    except QuotaExceeded:
        request.show_used_quota()
        raise
    match submitted:
        case Resolved():
            CACHED.inc()
            request.count_accepted()
            return _resolved(submitted, cached=True)
        case Queued(job_id, position):
            QUEUED.inc()
            request.job_id = job_id
            request.count_accepted()
            state = await wait_for_job(services, call, job_id, wait) if wait else None
            return _done(state) if state is not None and state.status is JobStatus.DONE else _queued(job_id, position)
        case JobState():
            request.job_id = submitted.job_id
            state = await wait_for_job(services, call, submitted.job_id, wait) if wait else None
            return _replay(state or submitted)


def _done(state: JobState) -> ApiResponse:
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


def _resolved(resolved: Resolved, *, cached: bool) -> ApiResponse:
    return json_response(
        ResolvedResponse(
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


def _queued(job_id: UUID, position: int) -> ApiResponse:
    poll_url = f"/v1/jobs/{job_id}"
    response = QueuedResponse(job_id, "queued", position, poll_url)
    return json_response(response, status=202, headers=[(b"location", poll_url.encode())])


def _replay(state: JobState) -> ApiResponse:
    """Answer with the job that the idempotency key started (docs/reference/api.md, "Idempotency")."""
    match state.status:
        case JobStatus.DONE:
            return _done(state)
        case JobStatus.FAILED if state.reason == Reason.LINK_REMOVED:
            raise LinkRemoved("The shortener has removed this link.")
        case JobStatus.FAILED:
            raise ResolveFailed(f"The job of this idempotency key failed ({state.reason}). Use a new key to try again.")
        case JobStatus.INVALID:
            raise UnsupportedLink(f"The job of this idempotency key found no link to resolve ({state.reason}).")
        case JobStatus.QUEUED | JobStatus.RUNNING:
            return _queued(state.job_id, state.queue_position)


RESOLVE = Endpoint(
    method="POST",
    path="/v1/resolve",
    name="resolve",
    summary="Resolve a link",
    description=(
        "A cached link is answered at once and is free. For any other link a job is queued: poll its `poll_url`, or "
        "hold the response with `?wait=`. A job costs the price of its provider, and only if it ends `done`. The key "
        "needs the scope `resolve`. A repeated request with the same idempotency key answers with the job of the "
        "first one. It starts no job and costs nothing."
    ),
    required_scope="resolve",
    query_type=ResolveQuery,
    header_type=ResolveHeaders,
    body=RequestBody(
        ResolveRequest,
        {
            "link": ResolveRequest(EXAMPLE_LINK),
            "with_webhook": ResolveRequest(EXAMPLE_LINK, "order-1842", "https://example.com/hooks/linkskipper"),
        },
    ),
    handler=resolve,
    successes=(
        Success(
            200,
            ResolvedResponse,
            "The link is cached, or its job ended `done` within `?wait=` or under this idempotency key.",
            {
                "from_the_cache": ResolvedResponse(
                    *(None, "done", EXAMPLE_LINK, EXAMPLE_TARGET, "tinyurl", "standard", 0), cached=True, balance=99
                ),
                "from_a_job": ResolvedResponse(
                    *(EXAMPLE_JOB_ID, "done", EXAMPLE_LINK, EXAMPLE_TARGET, "tinyurl", "standard", 1),
                    cached=False,
                    balance=98,
                ),
            },
        ),
        Success(
            202,
            QueuedResponse,
            "A job is queued or running.",
            {"queued": QueuedResponse(EXAMPLE_JOB_ID, "queued", 1, f"/v1/jobs/{EXAMPLE_JOB_ID}")},
            headers=("Location",),
        ),
    ),
    errors=(
        InvalidRequest("url: missing (send the link to resolve)"),
        OutOfCredits(
            "This link costs 2 credits and 1 is available. Add credits, or wait until open jobs release theirs.",
            balance=3,
        ),
        ForbiddenScope("This key lacks the scope resolve. Use a key that has it."),
        LinkRemoved("The shortener has removed this link."),
        UnsupportedLink("No supported provider has links like this. GET /v1/providers lists the providers."),
        QuotaExceeded(
            "This key may resolve 500 links a day. The quota resets at 00:00 UTC, in 5400 s.", retry_after=5400
        ),
        ResolveFailed("The job of this idempotency key failed (timeout). Use a new key to try again."),
        ProviderDown(
            "bit.ly is failing. It is tested again in 30 s. Its links are accepted once it recovers.", retry_after=30
        ),
    ),
)
