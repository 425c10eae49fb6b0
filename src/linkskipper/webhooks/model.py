"""What a webhook is made of: the event, its delivery, the attempts at it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec


class DeliveryStatus(StrEnum):
    """The states of a delivery; by hand, any of them becomes pending again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class JobEnd(msgspec.Struct, frozen=True):
    """The end of a job that is to be told at the url; its members are the event's (api.md, "Webhooks")."""

    key_id: int
    url: str
    job_id: UUID
    status: str
    target_url: str | None
    provider: str | None
    tier: str | None
    error: str | None
    credits_charged: int
    balance: int


class PendingDelivery(msgspec.Struct, frozen=True):
    """A delivery whose next attempt is due; attempts, step and by_hand are as of before it.

    failures is how often in a row its host had failed when it was read;
    secrets are those that sign, the newest first; none: they cannot be read here.
    """

    id: UUID
    key_id: int
    url: str
    host: str
    body: str
    attempts: int
    step: int
    failures: int
    secrets: Sequence[str]
    by_hand: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """How an attempt went: error is None where the event was received, status None where no answer came.

    gone: the receiver wants it no more. unsent: the fault is this service's own, and says nothing of the host.
    retry_after is what the receiver asked for.
    """

    started_at: datetime
    milliseconds: float
    status: int | None = None
    error: str | None = None
    response: str | None = None
    retry_after: timedelta | None = None
    gone: bool = False
    unsent: bool = False


class Attempt(msgspec.Struct, frozen=True):
    """An attempt as it is shown."""

    number: int
    started_at: datetime
    milliseconds: float
    status: int | None
    error: str | None
    response: str | None


class Delivery(msgspec.Struct, frozen=True):
    """A delivery as it is shown; host_paused_at is set where only a success by hand lets it go on."""

    id: UUID
    key_id: int
    job_id: UUID
    event: str
    url: str
    host: str
    body: str
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    ended_at: datetime | None
    host_paused_at: datetime | None
