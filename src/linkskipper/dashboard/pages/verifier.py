"""Verify a request that a receiver got: whether its signatures hold, and why not. Nothing of it is stored."""

from typing import NamedTuple
from uuid import UUID

from starlette.responses import Response

from linkskipper.accounts import KeyOverview, WebhookSecrets, list_account_keys
from linkskipper.dashboard.fields import Messages
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.webhooks import Delivery, Signature, read_account_delivery, read_signatures

PATH = "/dashboard/webhooks/verify"


class Verdict(NamedTuple):
    """The check of one header. `key` is the key whose secret made a signature in it, or None with the `reason`."""

    signature: Signature
    key: KeyOverview | None
    reason: str


async def show(call: PageCall) -> Response:
    """Show the form."""
    return _page(call, Messages())


async def verify(call: PageCall) -> Response:
    """Say whether the signatures hold for a body."""
    errors, signatures = Messages(), read_signatures(call.form.get("headers", ""))
    body = call.form.get("body", "").replace("\r\n", "\n")  # browsers send line ends like this
    if not body:
        errors["body"] = "Paste the body."
    if not signatures:
        errors["headers"] = (
            "Paste X-LinkSkipper-Signature: t=…,v1=… or webhook-id, webhook-timestamp and webhook-signature."
        )
    if errors:
        return _page(call, errors)
    delivery = await _find(call, signatures[0].message_id)
    keys = await list_account_keys(call.services.pool, call.session.account_id)
    secrets = await WebhookSecrets(call.services.pool, call.services.keyring).read(key.id for key in keys)
    verdicts = []
    for signature in signatures:
        key = next((key for key in keys if signature.is_made_with(secrets.get(key.id, []), body.encode())), None)
        trimmed = any(signature.is_made_with(values, body.strip().encode()) for values in secrets.values())
        verdicts.append(Verdict(signature, key, _reason(body, delivery, is_trimmed_signed=trimmed)))
    return _page(call, errors, verdicts, delivery)


def _reason(body: str, delivery: Delivery | None, *, is_trimmed_signed: bool) -> str:
    if is_trimmed_signed:
        return "White space was added before or after the body. Verify the bytes as they arrive."
    if delivery is not None and delivery.body != body:
        return "The body is not the one that was sent. Verify the bytes as they arrive, before JSON is parsed."
    return "The body or the headers were changed, or no key of this account has the secret any longer."


async def _find(call: PageCall, message_id: str) -> Delivery | None:
    try:
        delivery_id = UUID(message_id)
    except ValueError:
        return None
    return await read_account_delivery(call.services.pool, call.session.account_id, delivery_id, key_id=None)


def _page(
    call: PageCall, errors: Messages, verdicts: list[Verdict] | None = None, delivery: Delivery | None = None
) -> Response:
    return call.render(
        "verifier.html",
        status=422 if errors else 200,
        form={"body": "", "headers": "", **call.form},
        errors=errors,
        verdicts=verdicts or [],
        delivery=delivery,
    )


PAGES = (
    PageRoute("GET", PATH, show, Access.VIEWER),
    PageRoute("POST", PATH, verify, Access.VIEWER),
)
