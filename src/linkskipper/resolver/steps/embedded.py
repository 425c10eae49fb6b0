"""Run the steps that read the destination out of the link's own URL. They send no request."""

import re
from urllib.parse import unquote

from linkskipper.catalog.steps import FromFragmentStep, FromPathStep, FromQueryStep
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.pages.redirects import NextUrl
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.urls.decode import decode

_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_ESCAPED_DELIMITER = re.compile("%(?:3D|26|3F|23)", re.IGNORECASE)
_UNDECODED = re.compile("[\udc80-\udcff]")
_FIRST_SURROGATE = 0xDC00


async def from_query(step: FromQueryStep, navigation: Navigation) -> bool:
    """Take the destination from a query parameter, or from the whole query."""
    query = navigation.url.query
    text = query if step.param is None else _parameter(query, step.param)
    return _follow_embedded(navigation, decode(text, step.decode), Mechanism.QUERY)


async def from_path(step: FromPathStep, navigation: Navigation) -> bool:
    """Take the destination from a path segment."""
    segments = navigation.url.path[1:].split("/")
    if not -len(segments) <= step.segment < len(segments):
        return False
    return _follow_embedded(navigation, decode(segments[step.segment], step.decode), Mechanism.PATH)


async def from_fragment(step: FromFragmentStep, navigation: Navigation) -> bool:
    """Take the destination from the fragment."""
    return _follow_embedded(navigation, decode(navigation.url.fragment, step.decode), Mechanism.FRAGMENT)


def _parameter(query: str, name: str) -> str:
    """Return the value of a query parameter, percent-decoded unless it is a URL that was inserted without escaping."""
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if unquote(key) == name:
            return value if _is_unescaped_url(value) else _percent_decoded(value)
    return ""


def _is_unescaped_url(value: str) -> bool:
    """Return whether a value is a URL as it stands.

    Some shorteners escape only the characters that would end the value. Such a URL has an "=" of its own, or none of
    its delimiters are escaped.
    """
    return bool(_HAS_SCHEME.match(value)) and ("=" in value or not _ESCAPED_DELIMITER.search(value))


def _percent_decoded(value: str) -> str:
    """Percent-decode a value. Bytes that are not UTF-8 stay encoded."""
    decoded = unquote(value, errors="surrogateescape")
    return _UNDECODED.sub(lambda match: f"%{ord(match[0]) - _FIRST_SURROGATE:02X}", decoded)


def _follow_embedded(navigation: Navigation, text: str | None, mechanism: Mechanism) -> bool:
    """Follow an absolute URL. Any text at all would be a relative one."""
    if text is None or not _HAS_SCHEME.match(text):
        return False
    return navigation.follow_first([NextUrl(text, mechanism, navigation.url)])
