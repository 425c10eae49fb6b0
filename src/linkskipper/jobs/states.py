"""What a job is, and the states it passes through."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec


class JobStatus(StrEnum):
    """The states of api.md; MOVES says which follows which."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INVALID = "invalid"


MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    # To an end without running: a job for the same link has found it.
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.DONE, JobStatus.FAILED, JobStatus.INVALID}),
    # Back to queued when its worker stops; running again, as a new attempt, when its worker was lost.
    JobStatus.RUNNING: frozenset(
        {JobStatus.RUNNING, JobStatus.QUEUED, JobStatus.DONE, JobStatus.FAILED, JobStatus.INVALID}
    ),
    JobStatus.DONE: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.INVALID: frozenset(),
}
TERMINAL = frozenset(status for status, following in MOVES.items() if not following)

ERRORS = {JobStatus.FAILED: "resolve_failed", JobStatus.INVALID: "unsupported_link"}
"""The ``error`` that clients are shown for the ways a job can end badly (api.md)."""


class NewJob(msgspec.Struct, frozen=True):
    """What a client asks for; url is as submitted, daily_quota is the key's."""

    account_id: int
    key_id: int
    daily_quota: int | None
    url: str
    idempotency_key: str | None = None
    webhook_url: str | None = None


class Resolved(msgspec.Struct, frozen=True):
    """An answer that is there: from the cache (job_id None), or a job that is done."""

    job_id: UUID | None
    url: str
    target_url: str
    provider: str
    tier: str
    credits_charged: int
    balance: int


class Queued(msgspec.Struct, frozen=True):
    """A job that is under way; position is how many jobs of its queue were ahead, itself included."""

    job_id: UUID
    position: int


class JobState(msgspec.Struct, frozen=True):
    """A job as its owner may see it, with the account's balance; queue_position is that at its submission."""

    job_id: UUID
    status: JobStatus
    url: str
    target_url: str | None
    provider: str
    tier: str
    reason: str | None
    hops: Any
    credits_charged: int
    queue_position: int
    balance: int

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in TERMINAL
