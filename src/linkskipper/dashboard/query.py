"""Read the query string of a page and the fields of a form."""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import inspect
from starlette.requests import Request

from linkskipper.dashboard.errors import PageError, bad_query
from linkskipper.database.walk import Walk
from linkskipper.usage import UsagePeriod

Fields = TypeVar("Fields", bound=msgspec.Struct)

MAX_ID = 2**63 - 1  # of PostgreSQL
MAX_BODY_BYTES = 64 * 1024
FORM_TYPE = "application/x-www-form-urlencoded"

Notice = Literal[
    "account-closed", "account-reopened", "person-changed", "credits-booked", "voucher-redeemed", "voucher-revoked",
    "provider-off", "provider-on", "queue-first",
    "queue-cancelled", "host-paused", "host-resumed",
    "key-changed", "key-revoked", "name-changed", "password-set", "session-ended", "sessions-ended",
    "second-factor-off", "sent-again", "sent-again-since", "signed-out",
]  # fmt: skip
NOTICES: Mapping[str, str] = {
    "provider-off": "New links of this provider are refused within a second.",
    "provider-on": "Links of this provider are accepted within a second.",
    "queue-first": "The link runs next.",
    "queue-cancelled": "The link was cancelled.",
    "host-paused": "The host is paused. Its events wait.",
    "host-resumed": "The events for this host are being sent.",
    "account-closed": "The account is closed. Its keys can only read.",
    "account-reopened": "The account is open. Its keys can resolve links again.",
    "person-changed": "Done. It takes effect within a second.",
    "credits-booked": "The credits were booked.",
    "key-changed": "The key was changed.",
    "key-revoked": "The key was revoked. Every process refuses it within a second.",
    "name-changed": "Your name was changed.",
    "password-set": "The password was set. Your other sessions were ended.",
    "session-ended": "The session was ended.",
    "sessions-ended": "Your other sessions were ended.",
    "second-factor-off": "Codes are no longer required. Your other sessions were ended.",
    "sent-again": "The event is being sent again.",
    "sent-again-since": "The events of that time that were not delivered are being sent again.",
    "signed-out": "You signed out.",
    "voucher-redeemed": "The voucher was redeemed. Its credits are in the balance.",
    "voucher-revoked": "The voucher was revoked. It can no longer be redeemed.",
}


class NoticeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The query of a page without parameters of its own. `done` names a sentence about what was just done."""

    done: Notice | None = None


class UsageQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of a page with a chart."""

    period: UsagePeriod = UsagePeriod.DAY


def list_values(path: str, query: msgspec.Struct, page: Walk[Any, Any]) -> dict[str, Any]:
    """Return what the template of a list with filters needs: the filters, and the addresses of its pages."""
    values = {name: value for name in query.__struct_fields__ if (value := getattr(query, name)) is not None}
    filters = {name: value for name, value in values.items() if name not in {"before", "done"}}
    return {
        "query": query,
        "filters": filters,
        "first": address(path, filters),
        "older": None if page.next is None else address(path, filters | {"before": page.next}),
        "exported": urlencode(filters),
        "cut_at": page.cut_at,
    }


def address(path: str, query: Mapping[str, object]) -> str:
    """Return a path with a query."""
    return f"{path}?{urlencode(query)}" if query else path


def read_query(query_string: bytes, query_type: type[Fields]) -> Fields:
    """Read a query string. An empty value counts as absent, as browsers send it for an empty field.

    Raises:
        PageError: 400, with what each wrong parameter may be.
    """
    values = _values(query_string)
    try:
        return msgspec.convert(values, query_type, strict=False)
    except msgspec.ValidationError:
        raise bad_query(_messages(values, query_type)) from None


def _values(query_string: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(query_string.decode("utf-8"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except (UnicodeError, ValueError):
        raise bad_query(["The address is not valid UTF-8, or has too many parameters."]) from None
    if any("\0" in value for _, value in pairs):
        raise bad_query(["A value has a NUL character."])
    return {name: value for name, value in pairs if value}


def _messages(values: Mapping[str, str], query_type: type[msgspec.Struct]) -> list[str]:
    messages = []
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(query_type)}
    for name, value in values.items():
        if name not in fields:
            known = ", ".join(known for known in fields if known != "done") or "none"
            messages.append(f"This page does not know the parameter {name}. Its parameters: {known}.")
            continue
        try:
            msgspec.convert(value, fields[name], strict=False)
        except msgspec.ValidationError:
            messages.append(f"{name} cannot be {value}.{_allowed(fields[name])}")
    return messages


def _allowed(type_: Any) -> str:
    """Say what a parameter of a type may be."""
    info = inspect.type_info(type_)
    for part in info.types if isinstance(info, inspect.UnionType) else [info]:
        match part:
            case inspect.EnumType(cls):
                return f" It may be {', '.join(member.value for member in cls)}."
            case inspect.LiteralType():  # its values are sorted, those of the type are as written
                values = [value for option in (type_, *get_args(type_)) for value in get_args(option)]
                return f" It may be {', '.join(value for value in values if isinstance(value, str))}."
            case inspect.IntType(ge=least):
                return f" It is a whole number from {least}."
            case inspect.UUIDType():
                return " It is an id of 36 characters."
            case inspect.StrType(max_length=longest, pattern=pattern):
                return f" It has at most {longest} characters{f' and the form {pattern}' if pattern else ''}."
    return ""


async def read_form(request: Request) -> dict[str, str]:
    """Read a form. The last of repeated fields counts.

    Raises:
        PageError: 400, 413 or 415.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise PageError(413, "Too large", f"A form may have {MAX_BODY_BYTES} bytes.")
    if body and media_type != FORM_TYPE:
        raise PageError(415, "Not a form", f"This page reads forms ({FORM_TYPE}).")
    return _parse_form(body)


def _parse_form(body: bytes) -> dict[str, str]:
    try:
        fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=100, errors="strict"))
    except (UnicodeError, ValueError):
        raise PageError(400, "Not a form", "The form is not valid UTF-8, or has too many fields.") from None
    if any("\0" in text for field in fields.items() for text in field):
        raise PageError(400, "Not a form", "A field has a NUL character.")
    return fields
