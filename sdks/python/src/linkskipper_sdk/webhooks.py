"""Verify and sign webhooks. This module works without the HTTP client.

A receiver takes the raw bytes of the body and the headers::

    event = verify_webhook(request.body, request.headers, "whsec_…")
"""

import hmac
import json
import time
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from linkskipper_sdk._core.config import WEBHOOK_SECRET_VARIABLE, read_webhook_secrets
from linkskipper_sdk._core.fields import FieldError, Fields
from linkskipper_sdk._core.parse import parse_event
from linkskipper_sdk._core.secret import Secret
from linkskipper_sdk.errors import ConfigurationError, WebhookVerificationError
from linkskipper_sdk.models import WebhookEvent

__all__ = ["SIGNATURE_HEADER", "WebhookEvent", "WebhookVerificationError", "sign_webhook", "verify_webhook"]

SIGNATURE_HEADER = "X-LinkSkipper-Signature"
TOLERANCE_SECONDS = 300
_SECRET_PREFIX = "whsec_"  # noqa: S105  what secrets begin with
_KEY_PREFIX = "sk_live_"
_MAX_TIME_DIGITS = 40  # Python refuses to read numbers of thousands of digits


class HeaderBag(Protocol):
    """All headers of a request: a dict, the headers of Flask, Django or FastAPI, a WSGI environ."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Return names and values."""


Headers: TypeAlias = HeaderBag | Iterable[tuple[Any, Any]] | str | None


class _Signed(NamedTuple):
    """The content of the signature headers."""

    time: str  # as it was written, because that is what was signed
    signatures: list[str]
    expected: Callable[[bytes, Secret], str]
    webhook_id: str | None


def verify_webhook(
    body: bytes | str,
    headers: Headers,
    secrets: str | Iterable[str] | None = None,
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> WebhookEvent:
    """Verify a webhook and return its event.

    Args:
        body: The body as it arrived. Bytes are best. Parsed and rewritten JSON does not verify.
        headers: The value of ``X-LinkSkipper-Signature``, None if there is none, or all headers in any mapping or list
            of pairs, of any case: of Flask, FastAPI, Django, a WSGI environ, an ASGI scope.
        secrets: One secret (``whsec_…``) or several. Default: ``LINKSKIPPER_WEBHOOK_SECRET``.
        tolerance: How many seconds the signature may be old or ahead.
        now: The time in seconds since 1970, for tests.

    Raises:
        WebhookVerificationError: the webhook is not what it claims to be. ``code`` says why.
        ConfigurationError: there is no secret.
    """
    hidden = read_webhook_secrets(secrets)
    return verify_with(body, headers, hidden, tolerance=tolerance, now=time.time() if now is None else now)


def sign_webhook(body: bytes | str, secret: str, now: float | None = None) -> str:
    """Return the value of ``X-LinkSkipper-Signature`` for a body, to test a receiver with.

    Args:
        body: The body.
        secret: The secret (``whsec_…``).
        now: The time in seconds since 1970. Default: the present.
    """
    (hidden,) = _present(read_webhook_secrets((secret,)))
    stamp = str(int(time.time() if now is None else now))
    return f"t={stamp},v1={_hex_signature(_to_bytes(body), stamp, hidden)}"


def verify_with(
    body: bytes | str, headers: Headers, secrets: Sequence[Secret], *, tolerance: float, now: float
) -> WebhookEvent:
    """Verify a webhook against hidden secrets."""
    _present(secrets)
    content = _to_bytes(body)
    signed = _read_headers(headers)
    _check_time(int(signed.time[:_MAX_TIME_DIGITS]), tolerance, now)
    expected = [made.encode() for secret in secrets if (made := signed.expected(content, secret))]
    given = [_utf8(signature) for signature in signed.signatures]
    # Every pair is compared, so that the time tells nothing about which one fits.
    if not sum(hmac.compare_digest(one, other) for one in expected for other in given):
        raise WebhookVerificationError(_no_match(secrets), code="no_matching_signature")
    return _read_event(content, signed.webhook_id)


def _present(secrets: Sequence[Secret]) -> Sequence[Secret]:
    if secrets and all(secrets):
        return secrets
    raise ConfigurationError(f"A webhook secret is missing: pass it or set {WEBHOOK_SECRET_VARIABLE}.")


def _utf8(text: str) -> bytes:
    """Return a text as UTF-8. Half characters, as of header bytes that are not ASCII, are encoded too."""
    return text.encode("utf-8", "surrogatepass")


def _to_bytes(body: object) -> bytes:
    if isinstance(body, str):
        return _utf8(body)
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise ConfigurationError(f"body must be the raw bytes of the request, not {type(body).__name__}.")


def _read_headers(headers: Headers) -> _Signed:
    if headers is None or isinstance(headers, str):
        return _parse_own(headers or "", None)
    bag = _normalize(headers)
    own = bag.get(SIGNATURE_HEADER.lower(), "")
    if own or "webhook-signature" not in bag:
        return _parse_own(own, bag.get("webhook-id"))
    return _parse_standard(bag)


def _pairs(headers: Any) -> list[tuple[Any, Any]]:
    try:
        return [(name, value) for name, value in (headers.items() if hasattr(headers, "items") else headers)]
    except (TypeError, ValueError):
        kind = type(headers).__name__
        raise ConfigurationError(
            f"headers must be a text, a mapping or pairs of names and values, not {kind}."
        ) from None


def _normalize(headers: HeaderBag | Iterable[tuple[Any, Any]]) -> dict[str, str]:
    """Return the headers of any bag by names in lower case. ``HTTP_WEBHOOK_ID`` is ``webhook-id``."""
    bag: dict[str, str] = {}
    for name, value in _pairs(headers):
        text = value[0] if isinstance(value, list | tuple) and value else value
        text = text.decode("latin-1") if isinstance(text, bytes) else text
        if isinstance(text, str) and text.strip():
            key = name.decode("latin-1") if isinstance(name, bytes) else str(name)
            bag[key.lower().replace("_", "-").removeprefix("http-")] = text.strip()
    return bag


def _parse_own(value: str, webhook_id: str | None) -> _Signed:
    if not value.strip():
        raise WebhookVerificationError(f"The header {SIGNATURE_HEADER} is missing.", code="missing_header")
    parts = [part.strip().partition("=") for part in value.split(",")]
    times = [text.strip() for name, _, text in parts if name == "t"]
    signatures = [text.strip().lower() for name, _, text in parts if name == "v1"]
    if len(times) != 1 or not _is_number(times[0]) or not signatures:
        raise WebhookVerificationError(
            f"The header {SIGNATURE_HEADER} is malformed: expected t=<seconds>,v1=<hex>.", code="malformed_header"
        )
    return _Signed(times[0], signatures, lambda body, secret: _hex_signature(body, times[0], secret), webhook_id)


def _parse_standard(bag: Mapping[str, str]) -> _Signed:
    """Read the headers of Standard Webhooks (standardwebhooks.com)."""
    for name in ("webhook-id", "webhook-timestamp"):
        if name not in bag:
            raise WebhookVerificationError(f"The header {name} is missing.", code="missing_header")
    webhook_id, stamp = bag["webhook-id"], bag["webhook-timestamp"]
    parts = [part.partition(",") for part in bag["webhook-signature"].split()]
    signatures = [text for version, _, text in parts if version == "v1"]
    if not _is_number(stamp) or not signatures:
        raise WebhookVerificationError(
            "The headers webhook-timestamp and webhook-signature are malformed: expected seconds and v1,<base64>.",
            code="malformed_header",
        )
    return _Signed(
        stamp, signatures, lambda body, secret: _base64_signature(body, webhook_id, stamp, secret), webhook_id
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _check_time(stamp: int, tolerance: float, now: float) -> None:
    for name, value in (("tolerance", tolerance), ("now", now)):
        if not isinstance(value, int | float):
            raise ConfigurationError(f"{name} must be a number of seconds.")
    age = now - stamp
    if abs(age) <= tolerance:
        return
    code, word = ("timestamp_too_old", "old") if age > 0 else ("timestamp_too_new", "ahead")
    raise WebhookVerificationError(
        f"The signature is {abs(age):.0f} s {word}, and {tolerance:g} s are tolerated. Check the clock.", code=code
    )


def _hex_signature(body: bytes, stamp: str, secret: Secret) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()


def _base64_signature(body: bytes, webhook_id: str, stamp: str, secret: Secret) -> str:
    """Return the signature, or an empty text for a secret that is not base64 or empty: no signature fits it."""
    text = secret.encode().removeprefix(_SECRET_PREFIX.encode())
    try:
        key = a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except ValueError:
        return ""
    if not key:
        return ""
    return b64encode(hmac.digest(key, _utf8(f"{webhook_id}.{stamp}.") + body, "sha256")).decode()


def _no_match(secrets: Sequence[Secret]) -> str:
    message = "No signature fits. Pass the raw bytes of the body, not JSON that was parsed and written again."
    if any(map(str.isspace, "".join(secret.reveal() for secret in secrets))):
        message += " The secret has whitespace in it."
    if any(secret.reveal().startswith(_KEY_PREFIX) for secret in secrets):
        message += (
            f" The secret begins with {_KEY_PREFIX}: that is an API key. A webhook secret begins with {_SECRET_PREFIX}."
        )
    return message


def _read_event(content: bytes, webhook_id: str | None) -> WebhookEvent:
    try:
        value = json.loads(content.decode("utf-8"))
        if not isinstance(value, dict):
            raise FieldError("it is not a JSON object")
        return parse_event(Fields(value), webhook_id)
    except (ValueError, RecursionError) as error:
        raise WebhookVerificationError(f"The payload is not an event: {error}", code="invalid_payload") from error
