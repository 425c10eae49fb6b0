"""GET /v1/jobs/{job_id}."""

import re
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from msgspec import UNSET, UnsetType

from linkskipper.api.auth import KeyRequest
from linkskipper.api.backend import Backend
from linkskipper.api.waiting import Wait, wait_for_job
from linkskipper.errors import NotFound
from linkskipper.jobs import ERRORS, JobState, Status

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class JobAnswer(msgspec.Struct, frozen=True):
    """A job of this key; members that do not belong to its status are left out."""

    job_id: UUID
    status: Status
    credits_charged: int
    balance: int
    target_url: str | UnsetType = UNSET
    provider: str | UnsetType = UNSET
    tier: str | UnsetType = UNSET
    error: str | UnsetType = UNSET
    trace: Any = UNSET
    reason: str | UnsetType = UNSET


Include = Annotated[Literal["trace"] | None, QueryParameter(name="include", description="trace: the hops taken.")]


def route(backend: Backend) -> HTTPRouteHandler:
    """The route handler."""

    @get("/jobs/{job_id:str}")
    async def job(request: KeyRequest, job_id: FromPath[str], wait: Wait = 0, include: Include = None) -> JobAnswer:
        """The state of a job."""
        found = UUID_TEXT.fullmatch(job_id)
        state = await wait_for_job(backend, request.auth.id, UUID(job_id), wait) if found else None
        if state is None:
            raise NotFound("This key has no job of that id.")
        return _answer(state, with_trace=include == "trace")

    return job


def _answer(state: JobState, *, with_trace: bool) -> JobAnswer:
    done = state.status is Status.DONE
    return JobAnswer(
        job_id=state.job_id,
        status=state.status,
        credits_charged=state.credits_charged,
        balance=state.balance,
        target_url=state.target_url if done and state.target_url is not None else UNSET,
        provider=state.provider if done else UNSET,
        tier=state.tier if done else UNSET,
        error=ERRORS.get(state.status, UNSET),
        trace=(state.hops or []) if with_trace else UNSET,
        reason=state.reason if with_trace and state.reason is not None else UNSET,
    )
