"""The operations on deliveries, and the event that receivers are sent."""

from uuid import UUID

from linkskipper.api.openapi.model import Operation, Success
from linkskipper.api.openapi.operations import ANY_CALL, JOB, TARGET
from linkskipper.api.routes.webhooks import AttemptAnswer, DeliveriesAnswer, DeliveryAnswer, DeliveryDetail
from linkskipper.errors import InvalidRequest, NotFound
from linkskipper.webhooks import JobEvent

DELIVERY = UUID("019bb7a4-6b10-7000-8000-000000000000")
HOOK = "https://example.com/hooks/linkskipper"
ENDED = "2026-06-05T12:00:00.000Z"
UNKNOWN = NotFound("This key has no delivery of that id.")

DONE = JobEvent("resolve.done", ENDED, JOB, "done", TARGET, "tinyurl", "standard", None, 1, 98)
FAILED = JobEvent("resolve.failed", ENDED, JOB, "failed", None, None, None, "resolve_failed", 0, 99)
EVENTS = {"done": DONE, "failed": FAILED}

DELIVERED = DeliveryAnswer(
    DELIVERY, JOB, "resolve.done", HOOK, "delivered", 2, ENDED, None, "2026-06-05T12:00:05.400Z", paused=False
)
PENDING = DeliveryAnswer(
    DELIVERY, JOB, "resolve.done", HOOK, "pending", 1, ENDED, "2026-06-05T12:00:05.312Z", None, paused=False
)
ATTEMPTS = [
    AttemptAnswer(1, "2026-06-05T12:00:00.012Z", 41.7, 503, "answered 503", "try later"),
    AttemptAnswer(2, "2026-06-05T12:00:05.320Z", 80.2, 200, None, "ok"),
]

LIST_DELIVERIES = Operation(
    "get",
    "/v1/webhooks/deliveries",
    name="listDeliveries",
    summary="List webhook deliveries",
    description="The events of this key's jobs on their way to where their `webhook_url` said, the newest first.",
    parameters=("status", "limit", "before"),
    successes=(Success(200, "A page of deliveries.", {"last_page": DeliveriesAnswer([DELIVERED], None)}),),
    errors=(*ANY_CALL, InvalidRequest("limit: Expected `int` <= 100")),
)

READ_DELIVERY = Operation(
    "get",
    "/v1/webhooks/deliveries/{delivery_id}",
    name="readDelivery",
    summary="Ask for a webhook delivery",
    description="A delivery of this key, the event that it carries, and every attempt that was made.",
    parameters=("delivery_id",),
    successes=(Success(200, "The delivery.", {"delivered": DeliveryDetail(DELIVERED, DONE, ATTEMPTS)}),),
    errors=(*ANY_CALL, UNKNOWN),
)

REDELIVER = Operation(
    "post",
    "/v1/webhooks/deliveries/{delivery_id}/redeliver",
    name="redeliver",
    summary="Send a webhook delivery again",
    description=(
        "Whatever became of the delivery, it is sent again at once, with the same `webhook-id` and the same body; if "
        "that fails, the schedule of attempts begins anew. A success also lets a paused host go on."
    ),
    parameters=("delivery_id",),
    successes=(Success(202, "It will be sent.", {"pending": PENDING}),),
    errors=(*ANY_CALL, UNKNOWN),
)

EVENT = JobEvent
OPERATIONS = (LIST_DELIVERIES, READ_DELIVERY, REDELIVER)
