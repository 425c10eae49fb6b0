"""The events that were sent to receivers, and the attempts at each."""

from uuid import UUID

from starlette.responses import Response

from linkskipper.dashboard.errors import not_found
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import NoticeQuery
from linkskipper.webhooks import (
    Delivery,
    DeliveryStatus,
    list_account_deliveries,
    read_account_delivery,
    read_attempts,
    redeliver,
)

PATH = "/dashboard/webhooks"
DELIVERY = PATH + "/{delivery_id}"
PAGE_SIZE = 50
UUID_LENGTH = 36


class WebhooksQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `before` is the id of a delivery, and continues the list."""

    status: DeliveryStatus | None = None
    before: UUID | None = None


async def show(call: PageCall) -> Response:
    """Show a page of the list."""
    query: WebhooksQuery = call.query
    deliveries = await list_account_deliveries(
        call.services.pool,
        call.session.account_id,
        key_id=call.session.key_id,
        status=query.status,
        before=query.before,
        limit=PAGE_SIZE + 1,
    )
    listed = deliveries[:PAGE_SIZE]
    first = f"{PATH}?status={query.status}" if query.status else PATH
    joint = "&" if query.status else "?"
    return call.render(
        "webhooks.html",
        deliveries=listed,
        query=query,
        first=first,
        older=f"{first}{joint}before={listed[-1].id}" if len(deliveries) > PAGE_SIZE else None,
    )


async def show_delivery(call: PageCall) -> Response:
    """Show a delivery."""
    delivery = await _find(call)
    attempts = await read_attempts(call.services.pool, delivery.id)
    return call.render("delivery.html", delivery=delivery, attempts=attempts)


async def send_again(call: PageCall) -> Response:
    """Send an event again, at once."""
    delivery = await _find(call)
    if not await redeliver(call.services.pool, delivery.id, key_id=delivery.key_id):
        raise not_found("delivery")
    await call.audit("delivery.send-again", f"delivery {delivery.id}")
    return call.redirect(f"{PATH}/{delivery.id}?done=sent-again")


async def _find(call: PageCall) -> Delivery:
    text = call.parameters["delivery_id"]
    try:
        delivery_id = UUID(text) if len(text) == UUID_LENGTH else None
    except ValueError:
        delivery_id = None
    session, pool = call.session, call.services.pool
    delivery = (
        None
        if delivery_id is None
        else await read_account_delivery(pool, session.account_id, delivery_id, key_id=session.key_id)
    )
    if delivery is None:
        raise not_found("delivery")
    return delivery


PAGES = (
    PageRoute("GET", PATH, show, Access.KEY, WebhooksQuery),
    PageRoute("GET", DELIVERY, show_delivery, Access.KEY),
    PageRoute("POST", DELIVERY + "/send-again", send_again, Access.DEVELOPER),
)
