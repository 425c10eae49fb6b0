"""The event that tells of a job's end: the very bytes that every attempt sends (api.md, "Webhooks")."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from linkskipper.webhooks.model import JobEnd

DONE = "resolve.done"
FAILED = "resolve.failed"
EVENTS = (DONE, FAILED)


class Event(msgspec.Struct, frozen=True):
    """The members of an event, in the order in which they are sent."""

    event: str
    created_at: str
    job_id: UUID
    status: str
    target_url: str | None
    provider: str | None
    tier: str | None
    error: str | None
    credits_charged: int
    balance: int


def make_event(end: JobEnd, at: datetime) -> Event:
    """The event of a job that ended at that time."""
    done = end.error is None
    return Event(
        event=DONE if done else FAILED,
        created_at=at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        job_id=end.job_id,
        status=end.status,
        target_url=end.target_url if done else None,
        provider=end.provider if done else None,
        tier=end.tier if done else None,
        error=end.error,
        credits_charged=end.credits_charged,
        balance=end.balance,
    )


def encode(event: Event) -> str:
    """The event as JSON."""
    return msgspec.json.encode(event).decode()
