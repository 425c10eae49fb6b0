"""Run the steps that read the destination out of the link's own URL. They send no request."""

import re
from urllib.parse import unquote

from linkskipper.catalog.steps import EmbeddedUrlStep, FromFragmentStep, FromPathStep, FromQueryStep
from linkskipper.resolver.navigation import Navigation
from linkskipper.resolver.pages.redirects import NextUrl
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.urls.decode import decode, percent_decode
from linkskipper.resolver.urls.target import STRIPPED

_IS_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//[A-Za-z0-9-]+\.")
_FEW_SLASHES = re.compile(r"\A(https?):/?(?![/\\])", re.IGNORECASE)  # many servers write two slashes in a path as one
_STILL_ENCODED = re.compile(r"https?(?::|%(?:25)*3A)%(?:25)*2F%(?:25)*2F", re.IGNORECASE)
_ENCODED_COLON = re.compile(r"\A(https?)%(?:25)*3A(?=/)", re.IGNORECASE)
_MARKS_BEFORE_URL = re.compile(r"\A[!/?#]+(?=https?(?::|%(?:25)*3A))", re.IGNORECASE)
_MAX_ENCODINGS = 3  # beyond that of the parameter: mail programs and trackers encode a whole link again
_ESCAPED_DELIMITER = re.compile("%(?:3D|26|3F|23)", re.IGNORECASE)
_ESCAPES_OF_WHOLE = re.compile("%(?:3A|2F|3F|3D)", re.IGNORECASE)
_END_OF_VALUE = re.compile("%(26|23)")


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
    text = _MARKS_BEFORE_URL.sub("", fragment) if step.param is None else _fragment_parameter(fragment, step.param)
    return _follow_embedded(step, navigation, text, Mechanism.FRAGMENT)


def _fragment_parameter(fragment: str, name: str) -> str:
    """Return the value of a parameter in a fragment such as `dest=…`, `!dest=…`, `/?dest=…` or `/page?dest=…`."""
    return _parameter(fragment.lstrip("!/?"), name) or _parameter(fragment.partition("?")[2], name)


def _parameter(query: str, name: str) -> str:
    """Return the value of a query parameter, percent-decoded unless it is a URL that was inserted without escaping."""
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if unquote(key) == name:
            return _as_inserted(value) if _is_unescaped_url(value) else percent_decode(value)
    return ""


def _is_unescaped_url(value: str) -> bool:
    """Return whether a value is a URL as it stands.

    Some shorteners escape only the characters that would end the value. Such a URL has an "=" of its own, or none of
    its delimiters are escaped.
    """
    return bool(_IS_ABSOLUTE.match(value)) and ("=" in value or not _ESCAPED_DELIMITER.search(value))


def _as_inserted(value: str) -> str:
    """Decode what would have ended the value, unless other delimiters are escaped: those belong to the URL itself."""
    if _ESCAPES_OF_WHOLE.search(value):
        return value
    return _END_OF_VALUE.sub(lambda escape: unquote(escape[0]), value)


def _follow_embedded(step: EmbeddedUrlStep, navigation: Navigation, packed: str, mechanism: Mechanism) -> bool:
    """Follow an absolute URL. Any text at all would be a relative one."""
    if step.path is not None and step.path.search(navigation.url.path.encode()) is None:
        return False
    text = decode(packed, step.decode)
    url = None if text is None else _absolute_url(text)
    if url is None:
        return False
    mechanism = Mechanism.WARNING_PAGE if step.warning else mechanism
    return navigation.follow_first([NextUrl(url, mechanism, navigation.url)])


def _absolute_url(text: str) -> str | None:
    """Return the absolute URL that a text is, perhaps still encoded or with too few slashes, or None."""
    text = text.strip(STRIPPED)
    for _ in range(_MAX_ENCODINGS):
        if not _STILL_ENCODED.match(text):
            break
        text = percent_decode(text)
    text = _FEW_SLASHES.sub(r"\1://", _ENCODED_COLON.sub(r"\1:", text))
    return text if _IS_ABSOLUTE.match(text) else None
