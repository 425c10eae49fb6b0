"""GET /v1/jobs/{job_id}."""

import re
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from msgspec import UNSET, UnsetType

from linkskipper.api.answer import JsonAnswer
from linkskipper.api.auth import KeyRequest
from linkskipper.api.backend import Services
from linkskipper.api.fields import (
    Balance,
    CreditsCharged,
    JobId,
    ProviderId,
    ProviderTier,
    TargetUrl,
    one_of,
    told,
)
from linkskipper.api.reading import get
from linkskipper.api.waiting import Wait, wait_for_job
from linkskipper.errors import NotFound
from linkskipper.jobs import ERRORS, JobState, JobStatus, Trace
from linkskipper.resolver import Hop, Mechanism, Reason

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class TraceHop(msgspec.Struct, frozen=True):
    """A URL on the way from the link to its target."""

    url: Annotated[str, told("The URL that was visited.")]
    mechanism: Annotated[
        Annotated[str, one_of(Mechanism, "How it passed on.")] | None,
        told("How it passed on; null where the way ended."),
    ]
    status: Annotated[int | None, told("The HTTP status; null where no answer came, or none was asked for.")]
    milliseconds: Annotated[float, told("How long the visit took.")]


class JobAnswer(msgspec.Struct, frozen=True):
    """A job of this key; members that do not belong to its status are left out."""

    job_id: JobId
    status: Annotated[str, one_of(JobStatus, "`done`, `failed` and `invalid` are final.")]
    credits_charged: CreditsCharged
    balance: Balance
    target_url: TargetUrl | UnsetType = UNSET
    provider: ProviderId | UnsetType = UNSET
    tier: ProviderTier | UnsetType = UNSET
    error: Annotated[str, one_of(ERRORS.values(), "Only of a failed or invalid job.")] | UnsetType = UNSET
    trace: Annotated[list[TraceHop], told("The hops taken; only when asked for.")] | UnsetType = UNSET
    trace_omitted_hops: (
        Annotated[int, told("How many hops a trace of more than 64 KiB lacks at its end; only of such a trace.")]
        | UnsetType
    ) = UNSET
    reason: Annotated[str, one_of(Reason, "Why it did not end well; only with the trace.")] | UnsetType = UNSET


Include = Annotated[Literal["trace"] | None, QueryParameter(name="include", description="trace: the hops taken.")]


def route(backend: Services) -> HTTPRouteHandler:
    """The route handler."""

    @get("/jobs/{job_id:str}")
    async def job(request: KeyRequest, job_id: FromPath[str], wait: Wait = 0, include: Include = None) -> JsonAnswer:
        """The state of a job."""
        found = UUID_TEXT.fullmatch(job_id)
        state = await wait_for_job(backend, request.auth.id, UUID(job_id), wait) if found else None
        if state is None:
            raise NotFound("This key has no job of that id.")
        trace = await backend.jobs.read_trace(request.auth.id, state.job_id) if include == "trace" else None
        return JsonAnswer(_answer(state, trace))

    return job


def _answer(state: JobState, trace: Trace | None) -> JobAnswer:
    done = state.status is JobStatus.DONE
    return JobAnswer(
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
