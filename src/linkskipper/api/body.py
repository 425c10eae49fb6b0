"""Reading the body of POST /v1/resolve: strictly, and naming all that is wrong with it at once."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from linkskipper.api.fields import told
from linkskipper.egress import BadUrl, Refused, check_public_https
from linkskipper.errors import InvalidRequest

MAX_BODY_BYTES = 64 * 1024  # every field at its limit, in the longest JSON spelling, fits
MAX_URL_CHARACTERS = 2048
MAX_IDEMPOTENCY_KEY_CHARACTERS = 128

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

NO_NUL = {"pattern": r"^[^\u0000]*$"}  # described here, checked below with a message that says so

UrlText = Annotated[str, Meta(min_length=1, max_length=MAX_URL_CHARACTERS, extra_json_schema=NO_NUL)]
IdempotencyKey = Annotated[str, Meta(min_length=1, max_length=MAX_IDEMPOTENCY_KEY_CHARACTERS)]
KeyText = Annotated[IdempotencyKey, Meta(extra_json_schema=NO_NUL)]


class ResolveRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/resolve."""

    url: Annotated[UrlText, told("The link to resolve.")]
    idempotency_key: Annotated[
        KeyText | None, told("Repeats with the same key start and cost nothing. Wins over the header.")
    ] = None
    webhook_url: Annotated[UrlText | None, told("A public HTTPS address that is told, signed, when the job ends.")] = (
        None
    )


FIELDS = {field.name: field for field in msgspec.structs.fields(ResolveRequest)}
_decoder = msgspec.json.Decoder(ResolveRequest)


def read_body(body: bytes, idempotency_header: str | None) -> ResolveRequest:
    """The request that a body and the header Idempotency-Key make; the body's own key wins over the header's.

    Raises:
        InvalidRequest: with every message at once.
    """
    messages = _header_messages(idempotency_header)
    try:
        request = _decoder.decode(body)
    except NOT_JSON:
        raise InvalidRequest("; ".join([*_all_messages(body), *messages])) from None
    messages += _text_messages(request)
    if messages:
        raise InvalidRequest("; ".join(messages))
    if request.idempotency_key is None:
        request.idempotency_key = idempotency_header
    return request


def _header_messages(key: str | None) -> list[str]:
    if key is None or 1 <= len(key) <= MAX_IDEMPOTENCY_KEY_CHARACTERS:
        return []
    return [f"Idempotency-Key: must have 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} characters"]


def _all_messages(body: bytes) -> list[str]:
    try:
        fields = msgspec.json.decode(body)
    except NOT_JSON as error:
        return [f"the body is not JSON: {error}"]
    if not isinstance(fields, dict):
        return ["the body must be a JSON object with the member url"]
    unknown = [
        f"{name}: unknown field; url, idempotency_key and webhook_url are known"
        for name in fields
        if name not in FIELDS
    ]
    missing = [] if "url" in fields else ["url: missing; send the link to resolve"]
    wrong = [message for name in FIELDS if name in fields for message in _field_messages(name, fields[name])]
    return [*missing, *wrong, *unknown]


def _field_messages(name: str, value: Any) -> list[str]:
    try:
        msgspec.convert(value, FIELDS[name].type)
    except msgspec.ValidationError as error:
        return [f"{name}: {error}"]
    return []


def _text_messages(request: ResolveRequest) -> list[str]:
    """What types and lengths cannot say: no NULs (PostgreSQL stores none), a webhook URL that is public HTTPS."""
    messages = [f"{name}: holds a NUL character" for name in FIELDS if "\0" in (getattr(request, name) or "")]
    if request.webhook_url is not None:
        messages.extend(_webhook_messages(request.webhook_url))
    return messages


def _webhook_messages(url: str) -> list[str]:
    try:
        check_public_https(url)
    except (BadUrl, Refused) as error:
        return [f"webhook_url: must be a public HTTPS address ({error})"]
    return []
