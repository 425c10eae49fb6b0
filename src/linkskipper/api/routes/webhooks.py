"""GET /v1/webhooks/deliveries, one delivery with its attempts, and sending it again."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from linkskipper.api.endpoint import Call, Endpoint, NoQuery, Success
from linkskipper.api.examples import EXAMPLE_DELIVERY_ID, EXAMPLE_JOB_ID, EXAMPLE_TARGET, EXAMPLE_TIME
from linkskipper.api.fields import JobId, UuidText, describe, one_of, parse_uuid
from linkskipper.api.responses import ApiResponse, json_response
from linkskipper.api.services import Services
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

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
NEWEST = str(UUID(int=2**128 - 1))  # every id is before it

UNKNOWN_DELIVERY = "This key has no delivery with this id."

DeliveryId = Annotated[UUID, describe("The delivery. It is also the `webhook-id` of each of its attempts.")]
EventName = Annotated[str, one_of(EVENT_NAMES, "`resolve.failed` covers `failed` and `invalid` jobs.")]
Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE_SIZE, description="The maximum size of the page.", examples=[50])]


class DeliveryPath(msgspec.Struct):
    """The path of a delivery."""

    delivery_id: Annotated[
        UuidText,
        describe("The `id` of a delivery, which is the `webhook-id` of what was sent.", example=EXAMPLE_DELIVERY_ID),
    ]


class DeliveriesQuery(msgspec.Struct, frozen=True):
    """The query of GET /v1/webhooks/deliveries."""

    status: Annotated[
        Literal["any", "pending", "delivered", "failed"],
        describe("Only deliveries with this status.", example="failed"),
    ] = "any"
    limit: Limit = PAGE_SIZE
    before: Annotated[UuidText, describe("The `next` of the previous page.", example=EXAMPLE_DELIVERY_ID)] = NEWEST


class DeliveryResponse(msgspec.Struct, frozen=True):
    """An event and the state of its delivery."""

    id: DeliveryId
    job_id: JobId
    event: EventName
    url: Annotated[str, describe("The receiver.")]
    status: Annotated[str, one_of(DeliveryStatus, "A `pending` delivery is attempted again at `next_attempt_at`.")]
    attempts: Annotated[int, describe("The number of attempts.")]
    created_at: Annotated[Time, describe("When the delivery was queued.")]
    next_attempt_at: Annotated[Time | None, describe("When the next attempt is due. Null unless it is pending.")]
    ended_at: Annotated[Time | None, describe("When it was delivered or given up. Null while it is pending.")]
    paused: Annotated[bool, describe("True if its host failed for days. To resume it, send one delivery again.")]


class DeliveriesResponse(msgspec.Struct, frozen=True):
    """A page of deliveries, newest first."""

    deliveries: Annotated[list[DeliveryResponse], describe("At most `limit` deliveries.")]
    next: Annotated[UUID | None, describe("The `before` of the next page. Null on the last page.")]


class AttemptResponse(msgspec.Struct, frozen=True):
    """An attempt of a delivery."""

    number: Annotated[int, describe("1 for the first attempt.")]
    started_at: Annotated[Time, describe("When it started.")]
    milliseconds: Annotated[float, describe("Its duration.")]
    status: Annotated[int | None, describe("The HTTP status of the response. Null if there was none.")]
    error: Annotated[str | None, describe("Why it failed. Null if it succeeded.")]
    response: Annotated[str | None, describe("The start of the response body, without control characters.")]


class DeliveryDetailResponse(msgspec.Struct, frozen=True):
    """A delivery with its event and its attempts."""

    delivery: Annotated[DeliveryResponse, describe("The delivery.")]
    payload: Annotated[JobEvent, describe("The event as it is sent.")]
    attempts: Annotated[list[AttemptResponse], describe("The attempts, oldest first.")]


async def list_key_deliveries(services: Services, call: Call[DeliveriesQuery]) -> ApiResponse:
    """Return a page of the key's deliveries."""
    query = call.query
    deliveries = await list_deliveries(
        services.pool,
        key_id=call.key.id,
        status=None if query.status == "any" else DeliveryStatus(query.status),
        before=UUID(query.before),
        limit=query.limit + 1,
    )
    page = [_delivery(delivery) for delivery in deliveries[: query.limit]]
    return json_response(DeliveriesResponse(page, page[-1].id if len(deliveries) > query.limit else None))


async def read_key_delivery(services: Services, call: Call[NoQuery]) -> ApiResponse:
    """Return one delivery of the key."""
    delivery = await _find(services, call)
    event = msgspec.json.decode(delivery.body, type=JobEvent)
    attempts = [_attempt(attempt) for attempt in await read_attempts(services.pool, delivery.id)]
    return json_response(DeliveryDetailResponse(_delivery(delivery), event, attempts))


async def send_again(services: Services, call: Call[NoQuery]) -> ApiResponse:
    """Send one delivery of the key again."""
    delivery = await _find(services, call)
    await redeliver(services.pool, delivery.id, key_id=call.key.id)
    return json_response(_delivery(await _find(services, call)), status=202)


async def _find(services: Services, call: Call[NoQuery]) -> Delivery:
    delivery_id = parse_uuid(call.request.path_parameters["delivery_id"])
    delivery = None if delivery_id is None else await read_delivery(services.pool, delivery_id, key_id=call.key.id)
    if delivery is None:
        raise NotFound(UNKNOWN_DELIVERY)
    return delivery


def _delivery(delivery: Delivery) -> DeliveryResponse:
    return DeliveryResponse(
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


def _attempt(attempt: Attempt) -> AttemptResponse:
    return AttemptResponse(
        number=attempt.number,
        started_at=iso_time(attempt.started_at),
        milliseconds=round(attempt.milliseconds, 1),
        status=attempt.status,
        error=attempt.error,
        response=attempt.response,
    )


_HOOK = "https://example.com/hooks/linkskipper"
_DELIVERED = DeliveryResponse(
    *(EXAMPLE_DELIVERY_ID, EXAMPLE_JOB_ID, "resolve.done", _HOOK, "delivered", 2, EXAMPLE_TIME, None),
    ended_at="2026-06-05T12:00:05.400Z",
    paused=False,
)
_PENDING = DeliveryResponse(
    *(EXAMPLE_DELIVERY_ID, EXAMPLE_JOB_ID, "resolve.done", _HOOK, "pending", 1, EXAMPLE_TIME),
    next_attempt_at="2026-06-05T12:00:05.312Z",
    ended_at=None,
    paused=False,
)
_ATTEMPTS = [
    AttemptResponse(1, "2026-06-05T12:00:00.012Z", 41.7, 503, "answered 503", "try later"),
    AttemptResponse(2, "2026-06-05T12:00:05.320Z", 80.2, 200, None, "ok"),
]
EVENT_EXAMPLES = {
    "done": JobEvent(
        *("resolve.done", EXAMPLE_TIME, EXAMPLE_JOB_ID, "done", EXAMPLE_TARGET, "tinyurl", "standard"),
        error=None,
        credits_charged=1,
        balance=98,
    ),
    "failed": JobEvent(
        *("resolve.failed", EXAMPLE_TIME, EXAMPLE_JOB_ID, "failed", None, None, None),
        error="resolve_failed",
        credits_charged=0,
        balance=99,
    ),
}

LIST_DELIVERIES = Endpoint(
    method="GET",
    path="/v1/webhooks/deliveries",
    name="listDeliveries",
    summary="List webhook deliveries",
    description="The webhook deliveries of this key's jobs, newest first.",
    query_type=DeliveriesQuery,
    handler=list_key_deliveries,
    successes=(
        Success(
            200, DeliveriesResponse, "A page of deliveries.", {"last_page": DeliveriesResponse([_DELIVERED], None)}
        ),
    ),
    errors=(InvalidRequest("limit: Expected `int` <= 100"),),
)

READ_DELIVERY = Endpoint(
    method="GET",
    path="/v1/webhooks/deliveries/{delivery_id}",
    name="readDelivery",
    summary="Get a webhook delivery",
    description="A delivery of this key, its event and all its attempts.",
    path_type=DeliveryPath,
    query_type=NoQuery,
    handler=read_key_delivery,
    successes=(
        Success(
            200,
            DeliveryDetailResponse,
            "The delivery.",
            {"delivered": DeliveryDetailResponse(_DELIVERED, EVENT_EXAMPLES["done"], _ATTEMPTS)},
        ),
    ),
    errors=(NotFound(UNKNOWN_DELIVERY),),
)

REDELIVER = Endpoint(
    method="POST",
    path="/v1/webhooks/deliveries/{delivery_id}/redeliver",
    name="redeliver",
    summary="Send a webhook delivery again",
    description=(
        "Whatever its status, the delivery is sent again at once, with the same `webhook-id` and the same body. If "
        "that fails, the schedule of attempts starts again. A success also resumes a paused host."
    ),
    path_type=DeliveryPath,
    query_type=NoQuery,
    handler=send_again,
    successes=(Success(202, DeliveryResponse, "The delivery is due.", {"pending": _PENDING}),),
    errors=(NotFound(UNKNOWN_DELIVERY),),
)
