"""Run the steps that read the destination out of the link's own URL. They send no request."""

import re
from urllib.parse import unquote

from linkskipper.catalog.steps import EmbeddedUrlStep, FromFragmentStep, FromPathStep, FromQueryStep
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.pages.redirects import NextUrl
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.urls.decode import decode, percent_decode

_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_FEW_SLASHES = re.compile(r"(https?):/?(?![/\\])", re.IGNORECASE)  # many servers write two slashes in a path as one
_STILL_ENCODED = re.compile(r"https?%(?:25)*3A%(?:25)*2F%(?:25)*2F", re.IGNORECASE)
_MAX_ENCODINGS = 3  # beyond that of the parameter: mail programs and trackers encode a whole link again
_ESCAPED_DELIMITER = re.compile("%(?:3D|26|3F|23)", re.IGNORECASE)


async def from_query(step: FromQueryStep, navigation: Navigation) -> bool:
    """Take the destination from a query parameter, or from the whole query."""
    query = navigation.url.query
    text = query if step.param is None else _parameter(query, step.param)
    return _follow_embedded(step, navigation, text, Mechanism.QUERY)


async def from_path(step: FromPathStep, navigation: Navigation) -> bool:
    """Take the destination from a path segment, or from all that follows its beginning."""
    segments = navigation.url.path[1:].split("/")
    if not -len(segments) <= step.segment < len(segments):
        return False
    text = segments[step.segment]
    if step.rest:
        _, mark, query = navigation.url.without_fragment.partition("?")
        text = "/".join(segments[step.segment :]) + mark + query
    return _follow_embedded(step, navigation, text, Mechanism.PATH)


async def from_fragment(step: FromFragmentStep, navigation: Navigation) -> bool:
    """Take the destination from the fragment, or from a parameter in it."""
    fragment = navigation.url.fragment
    text = fragment if step.param is None else _fragment_parameter(fragment, step.param)
    return _follow_embedded(step, navigation, text, Mechanism.FRAGMENT)


def _fragment_parameter(fragment: str, name: str) -> str:
    """Return the value of a parameter in a fragment such as `?dest=…`, `/page?dest=…`, `dest=…` or `!dest=…`."""
    _, mark, query = fragment.partition("?")
    return (_parameter(query, name) if mark else "") or _parameter(fragment.removeprefix("!"), name)


def _parameter(query: str, name: str) -> str:
    """Return the value of a query parameter, percent-decoded unless it is a URL that was inserted without escaping."""
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if unquote(key) == name:
            return value if _is_unescaped_url(value) else percent_decode(value)
    return ""


def _is_unescaped_url(value: str) -> bool:
    """Return whether a value is a URL as it stands.

    Some shorteners escape only the characters that would end the value. Such a URL has an "=" of its own, or none of
    its delimiters are escaped.
    """
    return bool(_HAS_SCHEME.match(value)) and ("=" in value or not _ESCAPED_DELIMITER.search(value))


def _follow_embedded(step: EmbeddedUrlStep, navigation: Navigation, packed: str, mechanism: Mechanism) -> bool:
    """Follow an absolute URL. Any text at all would be a relative one, and so would a URL with too few slashes."""
    if step.path is not None and step.path.search(navigation.url.path.encode()) is None:
        return False
    text = decode(packed, step.decode)
    for _ in range(_MAX_ENCODINGS):
        if text is None or not _STILL_ENCODED.match(text):
            break
        text = percent_decode(text)
    if text is None or not _HAS_SCHEME.match(text):
        return False
    mechanism = Mechanism.WARNING_PAGE if step.warning else mechanism
    text = _FEW_SLASHES.sub(r"\1://", text, count=1) if _FEW_SLASHES.match(text) else text
    return navigation.follow_first([NextUrl(text, mechanism, navigation.url)])
