"""Read the field ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers). Odd values are ignored."""

import re
from functools import lru_cache

from linkskipper_sdk.models import Limit, RateLimit

# A quoted name and its parameters. Values may be quoted too, with commas and semicolons inside.
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ITEM = re.compile(rf'\s*({_QUOTED}|[^",;]*)((?:\s*;\s*[^=;,"]*(?:=(?:{_QUOTED}|[^",;]*))?)*)\s*(?:,|$)')
_PARAMETER = re.compile(rf';\s*([^=;,"\s]*)\s*=\s*({_QUOTED}|[^",;]*)')
_MAX_DIGITS = 15  # RFC 9651, 3.3.1
_MAX_LENGTH = 1000


@lru_cache(maxsize=64)  # a run of many links reads each value twice
def parse_rate_limit(value: str | None) -> RateLimit:
    """Return the limits that a field value names."""
    limits: dict[str, Limit] = {}
    position = 0
    if value is None or len(value) > _MAX_LENGTH:
        return RateLimit()
    while position < len(value) and (item := _ITEM.match(value, position)):
        position = item.end()
        limit = _parse_limit(item[2])
        if limit is not None:
            limits[item[1]] = limit
    return RateLimit(minute=limits.get('"minute"'), daily=limits.get('"daily"'))


def _parse_limit(parameters: str) -> Limit | None:
    values = {name: value.strip() for name, value in _PARAMETER.findall(parameters)}
    remaining = _parse_number(values.get("r"))
    return None if remaining is None else Limit(remaining, _parse_number(values.get("t")))


def _parse_number(value: str | None) -> int | None:
    valid = value is not None and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS
    return int(value) if value is not None and valid else None
