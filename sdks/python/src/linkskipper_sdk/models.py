"""The results of calls. Every result has ``meta`` (about the answer) and ``raw`` (the JSON as it came)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from linkskipper_sdk.errors import LinkSkipperError

# Values that are not known yet pass as they are.
Tier: TypeAlias = Literal["standard", "premium"] | str
JobStatus: TypeAlias = Literal["queued", "running", "done", "failed", "invalid"] | str
ProviderStatus: TypeAlias = Literal["up", "degraded", "down"] | str
DeliveryStatus: TypeAlias = Literal["pending", "delivered", "failed"] | str
WebhookEventName: TypeAlias = Literal["resolve.done", "resolve.failed"] | str
RawObject: TypeAlias = Mapping[str, Any]

TERMINAL_STATUSES = frozenset({"done", "failed", "invalid"})


@dataclass(frozen=True, slots=True)
class Limit:
    """The calls that a limit has left, and the seconds until there are more."""

    remaining: int
    reset: int | None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The limits of the key after a call. None where the service tells nothing, or the key has no such limit."""

    minute: Limit | None = None
    daily: Limit | None = None


@dataclass(frozen=True, slots=True)
class Meta:
    """The HTTP status and headers of an answer, read.

    Attributes:
        attempts: How many attempts the exchange took.
        headers: The headers of the answer, by names in lower case.
    """

    status: int
    request_id: str | None
    rate_limit: RateLimit
    headers: Mapping[str, str] = field(repr=False)
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedLink:
    """Where a link leads. ``job_id`` is None for a link from the cache."""

    url: str | None
    target_url: str
    provider: str
    tier: Tier
    cached: bool
    credits_charged: int | None
    balance: int | None
    job_id: str | None
    meta: Meta = field(repr=False, compare=False)
    raw: RawObject = field(repr=False, compare=False)
    status: Literal["done"] = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedJob:
    """A job that was queued for a link. Wait for it with ``wait_for_job``."""

    job_id: str
    queue_position: int | None
    poll_url: str | None
    meta: Meta = field(repr=False, compare=False)
    raw: RawObject = field(repr=False, compare=False)
    status: Literal["queued"] = "queued"


ResolveResult: TypeAlias = ResolvedLink | QueuedJob


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHop:
    """A URL on the way from the link to its target."""

    url: str
    mechanism: str | None
    status: int | None
    milliseconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The state of a job.

    ``trace`` and ``reason`` are there if they were asked for. ``trace_omitted_hops`` is how many hops a very long trace
    lacks at its end. ``url``, ``created_at`` and ``finished_at`` are there
    in lists.
    """

    job_id: str
    status: JobStatus
    target_url: str | None
    provider: str | None
    tier: Tier | None
    error: str | None
    credits_charged: int | None
    balance: int | None
    trace: Sequence[TraceHop] | None
    trace_omitted_hops: int | None
    reason: str | None
    url: str | None
    created_at: datetime | None
    finished_at: datetime | None
    meta: Meta = field(repr=False, compare=False)
    raw: RawObject = field(repr=False, compare=False)

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended."""
        return self.status in TERMINAL_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountProvider:
    """A provider that the account's credits can be spent on."""

    provider: str
    label: str | None
    tier: Tier | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account that the key belongs to."""

    balance: int
    telegram_id: int | None
    subscription_until: datetime | None
    providers: Sequence[AccountProvider]
    meta: Meta = field(repr=False, compare=False)
    raw: RawObject = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEntry:
    """A provider of the catalog. ``latency`` is a text for people, such as ``1-2s``."""

    provider: str
    label: str | None
    hosts: Sequence[str]
    tier: Tier | None
    resolve_cost: int | None
    latency: str | None
    status: ProviderStatus | None
    meta: Meta = field(repr=False, compare=False)
    raw: RawObject = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A webhook event on its way to a receiver. ``id`` is the ``webhook-id`` of each of its attempts."""

    id: str
    job_id: str | None
    event: WebhookEventName | None
    url: str | None
    status: DeliveryStatus
    attempts: int | None
    created_at: datetime | None
    next_attempt_at: datetime | None
    ended_at: datetime | None
    paused: bool
    meta: Meta = field(repr=False, compare=False)
    raw: RawObject = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One attempt at a delivery. ``response`` is how the body of the receiver's answer began."""

    number: int
    started_at: datetime | None
    milliseconds: float | None
    status: int | None
    error: str | None
    response: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """The end of a job, as a webhook tells it.

    Attributes:
        webhook_id: The same on every attempt of one delivery. Remember it to ignore repeats.
    """

    event: WebhookEventName
    job_id: str
    status: JobStatus
    created_at: datetime | None
    target_url: str | None
    provider: str | None
    tier: Tier | None
    error: str | None
    credits_charged: int | None
    balance: int | None
    webhook_id: str | None
    raw: RawObject = field(repr=False, compare=False)

    @property
    def is_done(self) -> bool:
        """Whether the link was resolved."""
        return self.status == "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDetail:
    """A delivery with its event and its attempts, the oldest first."""

    delivery: Delivery
    payload: WebhookEvent
    attempts: Sequence[DeliveryAttempt]
    meta: Meta = field(repr=False, compare=False)
    raw: RawObject = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResponse:
    """The answer to ``request``. ``json`` is the decoded body, or None where the body is not JSON."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    json: Any
    meta: Meta = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one link of ``resolve_many``: either ``link`` or ``error`` is set."""

    index: int
    url: str
    link: ResolvedLink | None = None
    error: LinkSkipperError | None = None
