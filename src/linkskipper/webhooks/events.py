"""The event of a job's end: the exact bytes that every attempt sends (docs/reference/api.md, "Webhooks")."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

RESOLVE_DONE = "resolve.done"
RESOLVE_FAILED = "resolve.failed"
EVENT_NAMES = (RESOLVE_DONE, RESOLVE_FAILED)


class JobEvent(msgspec.Struct, frozen=True):
    """What a job's `webhook_url` is sent when the job has ended."""

    # The members are sent in this order.
    event: Annotated[
        str,
        Meta(
            description="`resolve.failed` covers jobs that are `failed` and `invalid`.",
            extra_json_schema={"enum": list(EVENT_NAMES)},
        ),
    ]
    created_at: Annotated[str, Meta(description="When the job ended.", extra_json_schema={"format": "date-time"})]
    job_id: Annotated[UUID, Meta(description="The job.")]
    status: Annotated[
        str, Meta(description="How the job ended.", extra_json_schema={"enum": ["done", "failed", "invalid"]})
    ]
    target_url: Annotated[str, Meta(description="The URL to which the link leads.")] | None
    provider: Annotated[str, Meta(description="The provider, as `GET /v1/providers` names it.")] | None
    tier: Annotated[str, Meta(extra_json_schema={"enum": ["standard", "premium"]})] | None
    error: Annotated[
        Annotated[str, Meta(extra_json_schema={"enum": ["resolve_failed", "unsupported_link"]})] | None,
        Meta(description="Null if the job is done."),
    ]
    credits_charged: Annotated[int, Meta(description="The credits that the job cost; 0 unless it is done.", ge=0)]
    balance: Annotated[int, Meta(description="The account's credits, including those held for unfinished jobs.", ge=0)]


class NewDelivery(msgspec.Struct, frozen=True):
    """An event, the URL that receives it, and the key that signs it. A test is attempted once, at once."""

    key_id: int
    url: str
    event: JobEvent
    is_test: bool = False


def job_event(
    *,
    at: datetime,
    job_id: UUID,
    status: str,
    target_url: str | None,
    provider: str | None,
    tier: str | None,
    error: str | None,
    credits_charged: int,
    balance: int,
) -> JobEvent:
    """Make the event of a job that ended at that time. Only the event of a done job has a target."""
    done = error is None
    return JobEvent(
        event=RESOLVE_DONE if done else RESOLVE_FAILED,
        created_at=at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        job_id=job_id,
        status=status,
        target_url=target_url if done else None,
        provider=provider if done else None,
        tier=tier if done else None,
        error=error,
        credits_charged=credits_charged,
        balance=balance,
    )


def encode(event: JobEvent) -> str:
    """Encode an event as JSON."""
    return msgspec.json.encode(event).decode()
