"""GET /v1/jobs and GET /v1/jobs/{job_id}."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from linkskipper.api.endpoint import Call, Endpoint, Success
from linkskipper.api.examples import EXAMPLE_JOB_ID, EXAMPLE_LINK, EXAMPLE_TARGET, EXAMPLE_TIME
from linkskipper.api.fields import (
    Balance,
    CreditsCharged,
    JobId,
    ProviderId,
    ProviderTier,
    TargetUrl,
    UuidText,
    describe,
    one_of,
    parse_uuid,
)
from linkskipper.api.responses import ApiResponse, json_response
from linkskipper.api.services import Services
from linkskipper.api.times import Time, iso_time
from linkskipper.api.waiting import WaitSeconds, wait_for_job
from linkskipper.errors import InvalidRequest, NotFound
from linkskipper.jobs import ERRORS, JobState, JobStatus, ListedJob, ServiceReason, Trace, list_jobs
from linkskipper.resolver import Hop, Mechanism, Reason

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
NEWEST = str(UUID(int=2**128 - 1))  # every id is before it

UNKNOWN_JOB = "This key has no job with this id."


class JobPath(msgspec.Struct):
    """The path of a job."""

    job_id: Annotated[UuidText, describe("The `job_id` from `POST /v1/resolve`.", example=EXAMPLE_JOB_ID)]


class JobQuery(msgspec.Struct, frozen=True):
    """The query of GET /v1/jobs/{job_id}."""

    wait: WaitSeconds = 0
    include: (
        Annotated[
            Literal["trace"],
            describe("`trace` adds the hops, and the reason of a failed or invalid job.", example="trace"),
        ]
        | UnsetType
    ) = UNSET


class JobsQuery(msgspec.Struct, frozen=True):
    """The query of GET /v1/jobs."""

    status: Annotated[
        Literal["any", "queued", "running", "done", "failed", "invalid"],
        describe("Only jobs with this status.", example="failed"),
    ] = "any"
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE_SIZE, description="The maximum size of the page.", examples=[50])] = (
        PAGE_SIZE
    )
    before: Annotated[UuidText, describe("The `next` of the previous page.", example=EXAMPLE_JOB_ID)] = NEWEST


class TraceHop(msgspec.Struct, frozen=True):
    """A URL on the way from the link to its target."""

    url: Annotated[str, describe("The URL that was visited.")]
    mechanism: Annotated[
        Annotated[str, one_of(Mechanism, "How it led to the next URL.")] | None,
        describe("How it led to the next URL. Null for the last hop."),
    ]
    status: Annotated[int | None, describe("The HTTP status. Null if there was no response or no request.")]
    milliseconds: Annotated[float, describe("The duration of the visit.")]


class JobSummary(msgspec.Struct, frozen=True):
    """A job without its trace. A member that does not apply to its status is absent."""

    job_id: JobId
    status: Annotated[str, one_of(JobStatus, "`done`, `failed` and `invalid` are final.")]
    credits_charged: CreditsCharged
    balance: Balance
    target_url: TargetUrl | UnsetType = UNSET
    provider: ProviderId | UnsetType = UNSET
    tier: ProviderTier | UnsetType = UNSET
    error: Annotated[str, one_of(ERRORS.values(), "Present for `failed` and `invalid`.")] | UnsetType = UNSET


class JobResponse(JobSummary, frozen=True):
    """A job of this key. A member that does not apply to its status is absent."""

    trace: Annotated[list[TraceHop], describe("The hops, with `?include=trace`.")] | UnsetType = UNSET
    trace_omitted_hops: (
        Annotated[int, describe("The number of hops left out at the end of a trace larger than 64 KiB.")] | UnsetType
    ) = UNSET
    reason: (
        Annotated[str, one_of((*Reason, *ServiceReason), "Why it failed or is invalid, with `?include=trace`.")]
        | UnsetType
    ) = UNSET


class ListedJobResponse(JobSummary, frozen=True, kw_only=True):
    """A job in a list: what `GET /v1/jobs/{job_id}` answers, with its link and its times."""

    url: Annotated[str, describe("The link, as submitted.")]
    created_at: Annotated[Time, describe("When the job was submitted.")]
    finished_at: Annotated[Time | None, describe("When it ended. Null until then.")]


class JobsResponse(msgspec.Struct, frozen=True):
    """A page of jobs, newest first."""

    jobs: Annotated[list[ListedJobResponse], describe("At most `limit` jobs. It may be fewer before the last page.")]
    next: Annotated[UUID | None, describe("The `before` of the next page. Null on the last page.")]


async def list_key_jobs(services: Services, call: Call[JobsQuery]) -> ApiResponse:
    """Return a page of the key's jobs."""
    query = call.query
    page = await list_jobs(
        services.pool,
        call.key.id,
        status=None if query.status == "any" else JobStatus(query.status),
        before=UUID(query.before),
        limit=query.limit,
    )
    return json_response(JobsResponse([_listed(job) for job in page.jobs], page.next))


def _listed(job: ListedJob) -> ListedJobResponse:
    job_response = _job(job.state, None)
    return ListedJobResponse(
        **{name: getattr(job_response, name) for name in JobSummary.__struct_fields__},
        url=job.state.url,
        created_at=iso_time(job.created_at),
        finished_at=None if job.finished_at is None else iso_time(job.finished_at),
    )


async def read_job(services: Services, call: Call[JobQuery]) -> ApiResponse:
    """Return the state of a job."""
    job_id = parse_uuid(call.request.path_parameters["job_id"])
    state = None if job_id is None else await wait_for_job(services, call, job_id, call.query.wait)
    if state is None:
        raise NotFound(UNKNOWN_JOB)
    call.request.job_id = state.job_id
    trace = None
    if call.query.include == "trace":
        trace = await services.job_reader.read_trace(call.key.id, state.job_id)
    return json_response(_job(state, trace))


def _job(state: JobState, trace: Trace | None) -> JobResponse:
    done = state.status is JobStatus.DONE
    return JobResponse(
        job_id=state.job_id,
        status=state.status,
        credits_charged=state.credits_charged,
        balance=state.balance,
        target_url=state.target_url if done and state.target_url is not None else UNSET,
        provider=state.provider if done else UNSET,
        tier=state.tier if done else UNSET,
        error=ERRORS.get(state.status, UNSET),
        trace=UNSET if trace is None else [_hop(hop) for hop in trace.hops],
        trace_omitted_hops=trace.omitted if trace is not None and trace.omitted else UNSET,
        reason=state.reason if trace is not None and state.reason is not None else UNSET,
    )


def _hop(hop: Hop) -> TraceHop:
    return TraceHop(hop.url, hop.mechanism, hop.status, hop.milliseconds)


LIST_JOBS = Endpoint(
    method="GET",
    path="/v1/jobs",
    name="listJobs",
    summary="List jobs",
    description="The jobs of this key, newest first. Links that were answered from the cache have no job.",
    query_type=JobsQuery,
    handler=list_key_jobs,
    successes=(
        Success(
            200,
            JobsResponse,
            "A page of jobs.",
            {
                "last_page": JobsResponse(
                    [
                        ListedJobResponse(
                            *(EXAMPLE_JOB_ID, "done", 1, 98, EXAMPLE_TARGET, "tinyurl", "standard"),
                            url=EXAMPLE_LINK,
                            created_at=EXAMPLE_TIME,
                            finished_at=EXAMPLE_TIME,
                        )
                    ],
                    None,
                )
            },
        ),
    ),
    errors=(InvalidRequest("limit: Expected `int` <= 100"),),
)

READ_JOB = Endpoint(
    method="GET",
    path="/v1/jobs/{job_id}",
    name="readJob",
    summary="Get a job",
    description=(
        "The state of a job of this key. `target_url`, `provider` and `tier` are present once it is `done`, `error` if "
        "it `failed` (`resolve_failed`) or is `invalid` (`unsupported_link`). `?wait=` holds the response until the "
        "job ends, and `?include=trace` adds the hops."
    ),
    path_type=JobPath,
    query_type=JobQuery,
    handler=read_job,
    successes=(
        Success(
            200,
            JobResponse,
            "The job.",
            {
                "running": JobResponse(EXAMPLE_JOB_ID, "running", 0, 99),
                "done": JobResponse(EXAMPLE_JOB_ID, "done", 1, 98, EXAMPLE_TARGET, "tinyurl", "standard"),
                "failed": JobResponse(EXAMPLE_JOB_ID, "failed", 0, 99, error="resolve_failed"),
                "invalid": JobResponse(EXAMPLE_JOB_ID, "invalid", 0, 99, error="unsupported_link"),
                "failed_with_trace": JobResponse(
                    *(EXAMPLE_JOB_ID, "failed", 0, 99),
                    error="resolve_failed",
                    trace=[
                        TraceHop(EXAMPLE_LINK, "location-header", 301, 84.2),
                        TraceHop(f"{EXAMPLE_LINK}/gate", None, 200, 112.9),
                    ],
                    reason="captcha_required",
                ),
            },
        ),
    ),
    errors=(InvalidRequest("wait: Expected `float` <= 60.0"), NotFound(UNKNOWN_JOB)),
)
