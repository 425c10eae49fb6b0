"""Check the parts of a request against their types, with all messages at once."""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from linkskipper.errors import InvalidRequest

QueryT = TypeVar("QueryT", bound=msgspec.Struct)


def parse_query(query_string: bytes, query_type: type[QueryT]) -> QueryT:
    """Read the query string. Unknown parameters are ignored, and the last of repeated ones counts.

    Raises:
        InvalidRequest: with a message for each wrong parameter.
    """
    if not query_string:
        return query_type()
    values = dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
    try:
        return msgspec.convert(values, query_type, strict=False)
    except msgspec.ValidationError:
        raise InvalidRequest("; ".join(member_messages(values, query_type, strict=False))) from None


def member_messages(values: Mapping[str, Any], type_: type[msgspec.Struct], *, strict: bool) -> list[str]:
    """Return a message for each value that the member of its name does not accept, in the order of the members."""
    messages = []
    for field in msgspec.structs.fields(type_):
        if field.encode_name in values:
            try:
                msgspec.convert(values[field.encode_name], field.type, strict=strict)
            except msgspec.ValidationError as error:
                messages.append(f"{field.encode_name}: {error}")
    return messages
