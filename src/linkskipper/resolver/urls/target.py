"""Resolve a URL as written in a page, and decide how to write it for the client."""

import re

import msgspec
from msgspec.structs import replace

from linkskipper.egress import MAX_URL, UTF8, BadUrl, Charset, ForeignScheme, HasCredentials, Url, UrlTooLong, read_url

STRIPPED = "".join(map(chr, range(0x21)))
"""Control characters and the space, which browsers strip from both ends of a URL. Other white space belongs to it."""

_ABSOLUTE = re.compile(r"(https?)://([^/?#]+)(.*)", re.IGNORECASE)
_PLAIN = re.compile(r"[!-\[\]-~]+")  # printable, without backslashes
_PORT = re.compile(r":[0-9]*\Z")
_IGNORED = str.maketrans("", "", "\t\n\r")
_OTHER_SCHEME = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class Target(msgspec.Struct, frozen=True, gc=False):
    """Where something leads.

    Attributes:
        as_written: The URL for the client.
        scheme: Its scheme.
        url: The parsed URL without user name and password, or None for schemes other than http and https.
        has_credentials: Whether it contains a user name or a password. Such a URL is given out but never requested.
    """

    as_written: str
    scheme: str
    url: Url | None
    has_credentials: bool = False


def read_target(text: str, base: Url, charset: Charset = UTF8) -> Target | None:
    """Resolve a URL relative to `base`. Return None for a text that is not a URL (see `egress.read_url`).

    The query is encoded in the charset of the page that contains the URL, and the rest in UTF-8.

    An absolute URL that cannot be misread keeps its spelling. Any other is written as browsers serialise it.

    Raises:
        UrlTooLong: The URL is over the limit.
    """
    text = _with_encoded_query(text.strip(STRIPPED), charset)
    try:
        url = read_url(text, base)
    except HasCredentials as error:
        return _with_credentials(text, error)
    except ForeignScheme as foreign:
        return Target(text if _PLAIN.fullmatch(text) else foreign.href, foreign.scheme, None)
    except UrlTooLong:
        raise
    except BadUrl:
        return None
    return Target(_as_written(text, url.href, url.host), url.scheme, url)


def _with_credentials(text: str, error: HasCredentials) -> Target | None:
    try:
        url = read_url(error.bare_href)
    except BadUrl:  # DNS cannot hold the name of the host
        return None
    return Target(_as_written(text, error.href, url.host), url.scheme, url, has_credentials=True)


def inherit_fragment(target: Target, base: Url) -> Target:
    """Return the target of a redirect with the fragment of the redirected URL (RFC 9110, section 10.2.2).

    Raises:
        UrlTooLong: The result is over the limit.
    """
    if not base.fragment or target.url is None or "#" in target.as_written:
        return target
    url = target.url.with_fragment(base.fragment)
    return replace(target, as_written=f"{target.as_written}#{base.fragment}", url=url)


def _with_encoded_query(text: str, charset: Charset) -> str:
    """Percent-encode the query of an http or https URL (URL standard, "query state")."""
    if charset is UTF8 or text.isascii() or len(text) > MAX_URL:
        return text
    text = text.translate(_IGNORED)
    if _OTHER_SCHEME.match(text):
        return text
    before, mark, fragment = text.partition("#")
    path, question, query = before.partition("?")
    return f"{path}{question}{charset.encode_query(query)}{mark}{fragment}"


def _as_written(text: str, href: str, host: str) -> str:
    if text == href:
        return text
    match = _ABSOLUTE.fullmatch(text)
    if match is None or not _PLAIN.fullmatch(text):
        return href
    scheme, authority, rest = match.groups()
    credentials, mark, place = authority.rpartition("@")
    if _PORT.sub("", place).strip("[]").lower() != host:
        return href
    return f"{scheme.lower()}://{credentials}{mark}{place.lower()}{rest}"
