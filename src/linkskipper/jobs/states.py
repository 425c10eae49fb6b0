"""The states of a job, and the values that the functions of this room take and return (docs/reference/api.md)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from linkskipper.link_cache import CachedLink
from linkskipper.resolver import Hop


class JobStatus(StrEnum):
    """The states of docs/reference/api.md, "GET /v1/jobs/{job_id}"."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INVALID = "invalid"


TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    # A follower ends with its leader and never runs.
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.DONE, JobStatus.FAILED, JobStatus.INVALID}),
    # A job is queued again when its worker stops. It runs again, as a new attempt, when its worker is lost.
    JobStatus.RUNNING: frozenset(
        {JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.DONE, JobStatus.FAILED, JobStatus.INVALID}
    ),
    JobStatus.DONE: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.INVALID: frozenset(),
}
TERMINAL = frozenset(status for status, following in TRANSITIONS.items() if not following)

ERRORS = {JobStatus.FAILED: "resolve_failed", JobStatus.INVALID: "unsupported_link"}
"""The `error` that clients see, by the status of a job that did not end well."""


class ServiceReason(StrEnum):
    """Why a job failed without a fault of its link. The other reasons are the resolver's (`resolver.Reason`)."""

    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    INTERNAL_ERROR = "internal_error"
    CANCELLED = "cancelled"


class NewJob(msgspec.Struct, frozen=True):
    """A client's request. `url` is the text as submitted, `daily_quota` is the key's.

    The hops of a `live` job are stored while they are taken.
    """

    account_id: int
    key_id: int
    daily_quota: int | None
    url: str
    idempotency_key: str | None = None
    webhook_url: str | None = None
    live: bool = False


class Resolved(msgspec.Struct, frozen=True):
    """A resolved link, from the cache (`job_id` is None) or from a job that is done."""

    job_id: UUID | None
    url: str
    target_url: str
    provider: str
    tier: str
    credits_charged: int
    balance: int


class Queued(msgspec.Struct, frozen=True):
    """A job that was queued. `position` counts the jobs of its queue up to and including it."""

    job_id: UUID
    position: int


class JobAttempt(msgspec.Struct, frozen=True):
    """An attempt at a job. `attempt` and `lease` fence its result, `price` is what the job holds."""

    job_id: UUID
    attempt: int
    lease: UUID
    account_id: int
    canonical_url: str
    link_hash: bytes
    provider: str
    tier: str
    price: int
    live: bool


class JobResult(msgspec.Struct, frozen=True):
    """The end of an attempt. `job_id`, `attempt` and `lease` fence it: the result of a lost attempt changes nothing.

    `hops` is JSON, without the last `omitted_hops`. `price` is the credits to charge, of which no more are charged than
    the job holds. `cached` goes into the link cache.
    """

    job_id: UUID
    attempt: int
    lease: UUID
    status: JobStatus
    target_url: str | None = None
    provider: str | None = None
    tier: str | None = None
    reason: str | None = None
    hops: str | None = None
    omitted_hops: int = 0
    price: int = 0
    cached: CachedLink | None = None


class JobState(msgspec.Struct, frozen=True):
    """A job as its owner may see it, with the account's balance. `queue_position` is the one at submission."""

    job_id: UUID
    status: JobStatus
    url: str
    target_url: str | None
    provider: str
    tier: str
    reason: str | None
    credits_charged: int
    queue_position: int
    balance: int

    @property
    def terminal(self) -> bool:
        """Tell whether the job has ended."""
        return self.status in TERMINAL


class ListedJob(msgspec.Struct, frozen=True):
    """A job in a list, with the times of its submission and its end."""

    state: JobState
    created_at: datetime
    finished_at: datetime | None


class JobPage(msgspec.Struct, frozen=True):
    """Jobs of a list, and the id that the next page is before. None on the last page."""

    jobs: Sequence[ListedJob]
    next: UUID | None


class Trace(msgspec.Struct, frozen=True):
    """The hops that a job took, from its link on. `omitted` is the number of later hops that were not stored."""

    hops: Sequence[Hop]
    omitted: int
