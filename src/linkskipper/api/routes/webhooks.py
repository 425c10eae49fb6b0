"""GET /v1/webhooks/deliveries, one of them, and sending it again."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from linkskipper.api.auth import KeyRequest
from linkskipper.api.backend import Services
from linkskipper.api.fields import JobId, one_of, told
from linkskipper.api.reading import get
from linkskipper.api.routes.jobs import UUID_TEXT
from linkskipper.api.times import Time, iso_time
from linkskipper.errors import InvalidRequest, NotFound
from linkskipper.webhooks import (
    EVENT_NAMES,
    Attempt,
    Delivery,
    DeliveryStatus,
    JobEvent,
    list_deliveries,
    read_attempts,
    read_delivery,
    redeliver,
)

PAGE = 20
MAX_PAGE = 100
NEWEST = str(UUID(int=2**128 - 1))  # before it is everything

DeliveryId = Annotated[UUID, told("The delivery; also the `webhook-id` of each of its attempts.")]
EventName = Annotated[str, one_of(EVENT_NAMES, "`resolve.failed` covers jobs that are `failed` and `invalid`.")]
# Neither may be None: Litestar takes "null" for that.
OfStatus = Annotated[
    Literal["any", "pending", "delivered", "failed"],
    QueryParameter(name="status", description="Only deliveries of this status."),
]
Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=MAX_PAGE, description="How many at most.")]
Before = Annotated[
    str,
    QueryParameter(name="before", pattern=f"^{UUID_TEXT.pattern}$", description="Only those before this one."),
]


class DeliveryAnswer(msgspec.Struct, frozen=True):
    """An event on its way to a receiver."""

    id: DeliveryId
    job_id: JobId
    event: EventName
    url: Annotated[str, told("Where it goes.")]
    status: Annotated[str, one_of(DeliveryStatus, "`pending` ones are tried again at `next_attempt_at`.")]
    attempts: Annotated[int, told("How many attempts were made.")]
    created_at: Annotated[Time, told("When it was queued.")]
    next_attempt_at: Annotated[Time | None, told("When the next attempt is due; null unless it is pending.")]
    ended_at: Annotated[Time | None, told("When it was delivered or given up; null while it is pending.")]
    paused: Annotated[bool, told("Whether it waits for its host, which has failed for days, to be tried by hand.")]


class DeliveriesAnswer(msgspec.Struct, frozen=True):
    """A page of deliveries, the newest first."""

    deliveries: Annotated[list[DeliveryAnswer], told("As many as were asked for, or all that are left.")]
    next: Annotated[UUID | None, told("Ask for the next page with this as `before`; null on the last page.")]


class AttemptAnswer(msgspec.Struct, frozen=True):
    """An attempt at a delivery."""

    number: Annotated[int, told("1 for the first.")]
    started_at: Annotated[Time, told("When it began.")]
    milliseconds: Annotated[float, told("How long it took.")]
    status: Annotated[int | None, told("The HTTP status of the answer; null where none came.")]
    error: Annotated[str | None, told("Why it was no success; null where it was one.")]
    response: Annotated[str | None, told("How the body of the answer began, without control characters.")]


class DeliveryDetail(msgspec.Struct, frozen=True):
    """A delivery with its event and its attempts."""

    delivery: Annotated[DeliveryAnswer, told("The delivery.")]
    payload: Annotated[JobEvent, told("The event, as it is sent.")]
    attempts: Annotated[list[AttemptAnswer], told("The oldest first.")]


def routes(backend: Services) -> list[HTTPRouteHandler]:
    """The route handlers."""

    @get("/webhooks/deliveries")
    async def deliveries(
        request: KeyRequest, status: OfStatus = "any", limit: Limit = PAGE, before: Before = NEWEST
    ) -> DeliveriesAnswer:
        """The key's deliveries."""
        if not UUID_TEXT.fullmatch(before):  # the pattern's $ lets a newline pass
            raise InvalidRequest("before: must be the id of a delivery")
        wanted = None if status == "any" else DeliveryStatus(status)
        found = await list_deliveries(
            backend.pool, key_id=request.auth.id, status=wanted, before=UUID(before), limit=limit + 1
        )
        page = [_answer(each) for each in found[:limit]]
        return DeliveriesAnswer(page, page[-1].id if len(found) > limit else None)

    @get("/webhooks/deliveries/{delivery_id:str}")
    async def delivery(request: KeyRequest, delivery_id: FromPath[str]) -> DeliveryDetail:
        """One delivery of the key."""
        found = await _find(backend, request, delivery_id)
        attempts = await read_attempts(backend.pool, found.id)
        payload = msgspec.json.decode(found.body, type=JobEvent)
        return DeliveryDetail(_answer(found), payload, [_attempt(each) for each in attempts])

    @post("/webhooks/deliveries/{delivery_id:str}/redeliver", status_code=202)
    async def send_again(request: KeyRequest, delivery_id: FromPath[str]) -> DeliveryAnswer:
        """Send one delivery of the key again."""
        found = await _find(backend, request, delivery_id)
        await redeliver(backend.pool, found.id, key_id=request.auth.id)
        return _answer(await _find(backend, request, delivery_id))

    return [deliveries, delivery, send_again]


async def _find(backend: Services, request: KeyRequest, delivery_id: str) -> Delivery:
    found = UUID_TEXT.fullmatch(delivery_id)
    delivery = await read_delivery(backend.pool, UUID(delivery_id), key_id=request.auth.id) if found else None
    if delivery is None:
        raise NotFound("This key has no delivery of that id.")
    return delivery


def _answer(delivery: Delivery) -> DeliveryAnswer:
    return DeliveryAnswer(
        id=delivery.id,
        job_id=delivery.job_id,
        event=delivery.event,
        url=delivery.url,
        status=delivery.status,
        attempts=delivery.attempts,
        created_at=iso_time(delivery.created_at),
        next_attempt_at=iso_time(delivery.next_attempt_at) if delivery.next_attempt_at else None,
        ended_at=iso_time(delivery.ended_at) if delivery.ended_at else None,
        paused=delivery.host_paused_at is not None,
    )


def _attempt(attempt: Attempt) -> AttemptAnswer:
    return AttemptAnswer(
        number=attempt.number,
        started_at=iso_time(attempt.started_at),
        milliseconds=round(attempt.milliseconds, 1),
        status=attempt.status,
        error=attempt.error,
        response=attempt.response,
    )
