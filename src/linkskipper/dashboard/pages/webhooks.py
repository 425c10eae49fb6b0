"""The events that were sent to receivers, the attempts at each, and test events."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Annotated
from uuid import UUID

from msgspec import Meta, ValidationError, convert
from starlette.responses import Response

from linkskipper.accounts import KeyOverview, get_account, list_account_keys
from linkskipper.audit import record
from linkskipper.dashboard.errors import PageError, not_found
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import MAX_ID, NoticeQuery, list_values
from linkskipper.errors import TooManyTestEvents
from linkskipper.webhooks import (
    REDELIVERY_PART,
    Attempt,
    Delivery,
    DeliveryStatus,
    RedeliveryPart,
    RedeliveryPlace,
    count_account_undelivered,
    limit_test_events,
    list_account_deliveries,
    queue_test_event,
    read_account_delivery,
    read_attempts,
    receiver_problem,
    redeliver_account_part,
    redeliver_within,
    redelivery_since,
    request_headers,
)

PATH = "/dashboard/webhooks"
DELIVERY = PATH + "/{delivery_id}"
PAGE_SIZE = 50
UUID_LENGTH = 36
SEND_SECONDS = 3  # after which no further part of a redelivery begins, so that the page answers in its time
COUNTED = 100_000  # events that are left
OPEN_PAGE = timedelta(hours=1)  # for which somebody may look at the page before going on


class WebhooksQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the list. `before` is the id of a delivery, and continues the list."""

    status: DeliveryStatus | None = None
    key: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    host: Annotated[str, Meta(max_length=LIMITS.host)] | None = None
    before: UUID | None = None


async def show(call: PageCall) -> Response:
    """Show a page of the list."""
    return await _page(call, call.query, Messages())


async def send_test(call: PageCall) -> Response:
    """Send a test event to a receiver, signed with a key of the account."""
    session, fields = call.session, FormReader(call.form)
    url = fields.text("url", longest=LIMITS.url)
    key = next((key for key in await _keys(call) if str(key.id) == call.form.get("key_id")), None)
    if key is None:
        fields.errors["key_id"] = "Choose a key of the list."
    if not fields.errors and (problem := receiver_problem(url)):
        fields.errors["url"] = f"Write a public HTTPS address ({problem})."
    if fields.errors or key is None:
        return await _page(call, WebhooksQuery(), fields.errors)
    account = await get_account(call.services.pool, session.account_id)
    try:
        async with call.services.pool.acquire() as connection, connection.transaction():
            delivery_id = await queue_test_event(connection, account.id, key.id, url, balance=account.balance)
            await record(connection, call.entry("delivery.test", f"delivery {delivery_id}, key {key.id}"))
    except TooManyTestEvents as error:
        raise _too_many(error) from None
    return call.redirect(f"{PATH}/{delivery_id}")


async def show_delivery(call: PageCall) -> Response:
    """Show a delivery."""
    delivery = await _find(call)
    attempts = await read_attempts(call.services.pool, delivery.id)
    headers = await _signed_again(call, delivery, attempts[-1]) if attempts and call.may_resolve else {}
    return call.render("delivery.html", delivery=delivery, attempts=attempts, headers=headers)


async def _signed_again(call: PageCall, delivery: Delivery, attempt: Attempt) -> dict[str, str]:
    """Return the headers of an attempt, signed with the secrets that the key has now."""
    secrets = await call.services.webhook_secrets.read([delivery.key_id])
    return request_headers(
        delivery.id,
        delivery.body.encode(),
        secrets.get(delivery.key_id, []),
        attempt.started_at,
        is_test=delivery.is_test,
    )


async def send_again(call: PageCall) -> Response:
    """Send an event again, at once."""
    delivery = await _find(call)
    try:
        async with call.services.pool.acquire() as connection, connection.transaction():
            if delivery.is_test:
                await limit_test_events(connection, call.session.account_id)
            if not await redeliver_within(connection, delivery.id, key_id=delivery.key_id):
                raise not_found("delivery")
            await record(connection, call.entry("delivery.send-again", f"delivery {delivery.id}"))
    except TooManyTestEvents as error:
        raise _too_many(error) from None
    return call.redirect(f"{PATH}/{delivery.id}?done=sent-again")


def _too_many(error: TooManyTestEvents) -> PageError:
    return PageError(429, "Too many test events", str(error))


async def send_again_since(call: PageCall) -> Response:
    """Send the events of the last hours again that were not delivered, or the rest of them."""
    fields = FormReader(call.form)
    hours = fields.number("hours", least=1, most=LIMITS.hours)
    if fields.errors:
        return await _page(call, WebhooksQuery(), fields.errors)
    ends_at = monotonic() + SEND_SECONDS
    part = await _send_part(call, hours, _read_place(call, hours))
    sent = part.deliveries
    while part.next is not None and monotonic() < ends_at:
        part = await _send_part(call, hours, part.next)
        sent += part.deliveries
    if part.next is None:
        return call.redirect(f"{PATH}?done=sent-again-since")
    return await _show_rest(call, sent, part.next)


def _read_place(call: PageCall, hours: int) -> RedeliveryPlace:
    """Return where the events begin: after those of the page that the form was on, if it sent some."""
    since = datetime.now(UTC) - timedelta(hours=hours)
    if "since" not in call.form:
        return redelivery_since(since)
    try:
        place = convert(call.form, RedeliveryPlace, strict=False)
    except ValidationError:
        place = None
    if place is None or place.since < redelivery_since(since - OPEN_PAGE).since:
        raise PageError(400, "Not possible", "Begin again on the page of webhooks.")
    return place


async def _send_part(call: PageCall, hours: int, place: RedeliveryPlace) -> RedeliveryPart:
    async with call.services.pool.acquire() as connection, connection.transaction():
        part = await redeliver_account_part(connection, place, call.session.account_id, limit=REDELIVERY_PART)
        if part.deliveries:
            await record(connection, call.entry("delivery.send-again-since", f"{part.deliveries} events of {hours} h"))
    return part


async def _show_rest(call: PageCall, sent: int, place: RedeliveryPlace) -> Response:
    """Say how many events were sent and how many are left, and offer to go on."""
    left = await count_account_undelivered(call.services.pool, place, call.session.account_id, limit=COUNTED + 1)
    if not left:
        return call.redirect(f"{PATH}?done=sent-again-since")
    return await _page(call, WebhooksQuery(), Messages(), again={"sent": sent, "left": left, "place": place})


async def _keys(call: PageCall) -> list[KeyOverview]:
    keys = await list_account_keys(call.services.pool, call.session.account_id)
    return [key for key in keys if key.revoked_at is None]


async def _page(
    call: PageCall, query: WebhooksQuery, errors: Messages, *, again: Mapping[str, object] | None = None
) -> Response:
    """Show the list. `again` says what was sent again, and what is left."""
    page = await list_account_deliveries(
        call.services.pool,
        call.session.account_id,
        key_id=call.session.key_id or query.key,
        status=query.status,
        host=None if query.host is None else query.host.strip().lower(),
        before=query.before,
        limit=PAGE_SIZE,
    )
    return call.render(
        "webhooks.html",
        status=422 if errors else 200,
        **list_values(PATH, query, page),
        deliveries=page.rows,
        keys=await list_account_keys(call.services.pool, call.session.account_id) if call.may(Access.VIEWER) else [],
        form={"url": "", "key_id": "", "hours": "24", **call.form},
        errors=errors,
        again=again,
        counted=COUNTED,
    )


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
    PageRoute("POST", PATH + "/test", send_test, Access.DEVELOPER),
    PageRoute("POST", PATH + "/send-again", send_again_since, Access.DEVELOPER),
    PageRoute("GET", DELIVERY, show_delivery, Access.KEY),
    PageRoute("POST", DELIVERY + "/send-again", send_again, Access.DEVELOPER),
)
