"""Verify a request that a receiver got: whether its signatures hold, and why not. Nothing of it is stored."""

from asyncio import to_thread
from typing import NamedTuple, TypeAlias
from uuid import UUID

from starlette.responses import Response

from linkskipper.accounts import KeyOverview, find_account_key, list_account_keys
from linkskipper.dashboard.fields import Messages
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.webhooks import Delivery, Signature, read_account_delivery, read_signatures

PATH = "/dashboard/webhooks/verify"

SigningKey: TypeAlias = tuple[KeyOverview, list[str]]
"""A key and its secrets."""


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
    keys = await _candidates(call, delivery)
    secrets = await call.services.webhook_secrets.read(key.id for key in keys)
    signing = [(key, secrets[key.id]) for key in keys if key.id in secrets]
    # In a thread, as an account can have hundreds of keys.
    verdicts = [await to_thread(_judge, signature, signing, body, delivery) for signature in signatures]
    return _page(call, errors, verdicts, delivery)


async def _candidates(call: PageCall, delivery: Delivery | None) -> list[KeyOverview]:
    """Return the key of the delivery, which alone signs it, or all keys if no delivery is known."""
    pool, account_id = call.services.pool, call.session.account_id
    if delivery is None:
        return await list_account_keys(pool, account_id)
    key = await find_account_key(pool, account_id, delivery.key_id)
    return [] if key is None else [key]


def _judge(signature: Signature, signing: list[SigningKey], body: str, delivery: Delivery | None) -> Verdict:
    key = _signer(signature, signing, body)
    return Verdict(signature, key, "" if key is not None else _reason(signature, signing, body, delivery))


def _signer(signature: Signature, signing: list[SigningKey], body: str) -> KeyOverview | None:
    return next((key for key, secrets in signing if signature.is_made_with(secrets, body.encode())), None)


def _reason(signature: Signature, signing: list[SigningKey], body: str, delivery: Delivery | None) -> str:
    trimmed = body.strip()
    if trimmed != body and _signer(signature, signing, trimmed) is not None:
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
