"""Read the body of a request, and that of POST /v1/resolve with every message at once."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from linkskipper.api.fields import describe
from linkskipper.api.request import Request
from linkskipper.api.validation import member_messages
from linkskipper.errors import InvalidRequest
from linkskipper.webhooks import receiver_problem

MAX_BODY_BYTES = 64 * 1024  # fits every member at its limit in the longest JSON notation
MAX_URL_CHARACTERS = 2048
MAX_IDEMPOTENCY_KEY_CHARACTERS = 128

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

NO_NUL = {"pattern": r"^[^\u0000]*$"}  # for the schema only: the message of _nul_messages is clearer

UrlText = Annotated[str, Meta(min_length=1, max_length=MAX_URL_CHARACTERS, extra_json_schema=NO_NUL)]
IdempotencyKey = Annotated[str, Meta(min_length=1, max_length=MAX_IDEMPOTENCY_KEY_CHARACTERS)]
IdempotencyKeyMember = Annotated[IdempotencyKey, Meta(extra_json_schema=NO_NUL)]


class ResolveRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/resolve."""

    url: Annotated[UrlText, describe("The link to resolve.")]
    idempotency_key: Annotated[
        IdempotencyKeyMember | None,
        describe("A repeated request with the same key starts no job and costs nothing. Overrides the header."),
    ] = None
    webhook_url: Annotated[
        UrlText | None, describe("A public HTTPS address that receives a signed event when the job ends.")
    ] = None


MEMBERS = tuple(field.name for field in msgspec.structs.fields(ResolveRequest))
NUL = rb"\u0000"  # JSON has no other spelling for it
_decode = msgspec.json.Decoder(ResolveRequest).decode


async def read_body(request: Request) -> bytes:
    """Read the whole body of a request. The time that the client takes does not count.

    Raises:
        InvalidRequest: it exceeds MAX_BODY_BYTES, or the client closed the connection.
    """
    body = b""
    more = True
    request.time_limit.paused = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise InvalidRequest("The body is incomplete.")
        body += message["body"]
        if len(body) > MAX_BODY_BYTES:
            raise InvalidRequest(f"The body is larger than {MAX_BODY_BYTES} bytes, the maximum.")
        more = message["more_body"]
    request.time_limit.paused = False
    return body


def parse_resolve_request(body: bytes, idempotency_header: str | None) -> ResolveRequest:
    """Read the body of POST /v1/resolve. Its idempotency key overrides the header `Idempotency-Key`.

    Raises:
        InvalidRequest: with every message at once.
    """
    messages = _header_messages(idempotency_header)
    try:
        request = _decode(body)
    except NOT_JSON:
        raise InvalidRequest("; ".join([*_body_messages(body), *messages])) from None
    if request.webhook_url is not None or NUL in body:
        messages += _text_messages(msgspec.structs.asdict(request))
    if messages:
        raise InvalidRequest("; ".join(messages))
    if request.idempotency_key is None:
        request.idempotency_key = idempotency_header
    return request


def _header_messages(key: str | None) -> list[str]:
    if key is None or 1 <= len(key) <= MAX_IDEMPOTENCY_KEY_CHARACTERS:
        return []
    return [f"Idempotency-Key: must have 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} characters"]


def _body_messages(body: bytes) -> list[str]:
    """Return everything that is wrong with a body that cannot be decoded."""
    try:
        members = msgspec.json.decode(body)
    except NOT_JSON as error:
        return [f"the body is not JSON: {error}"]
    if not isinstance(members, dict):
        return ["the body must be a JSON object with the member url"]
    missing = [] if "url" in members else ["url: missing (send the link to resolve)"]
    wrong = member_messages(members, ResolveRequest, strict=True)
    return [*missing, *wrong, *_text_messages(members), *_unknown_messages(members)]


def _unknown_messages(members: Mapping[str, object]) -> list[str]:
    return [
        f"{name}: unknown member (the members are url, idempotency_key and webhook_url)"
        for name in members
        if name not in MEMBERS
    ]


def _text_messages(members: Mapping[str, object]) -> list[str]:
    """Refuse NUL characters, which PostgreSQL does not store, and receivers that are not public."""
    texts = {name: text for name in MEMBERS if isinstance(text := members.get(name), str)}
    messages = [f"{name}: holds a NUL character" for name, text in texts.items() if "\0" in text]
    url = texts.get("webhook_url", "")
    return messages + (_webhook_messages(url) if 0 < len(url) <= MAX_URL_CHARACTERS else [])


def _webhook_messages(url: str) -> list[str]:
    problem = receiver_problem(url)
    return [] if problem is None else [f"webhook_url: must be a public HTTPS address ({problem})"]
