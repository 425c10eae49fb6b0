"""Parse URLs as browsers do (WHATWG URL standard), once for both engines."""

import re

import ada_url
import msgspec
from msgspec.structs import replace

from linkskipper.egress.addresses import deny_reason
from linkskipper.egress.errors import BadUrl, ForeignScheme, HasCredentials, UrlTooLong

MAX_URL = 8 * 1024
"""Characters of a URL, as written and as serialised. A serialised URL is ASCII, so these are bytes too."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Parsers disagree about these characters, which is how one URL comes to name two hosts.
_DISPUTED = re.compile(r"[\x00-\x1f\x7f\\]|\A | \Z")
_AUTHORITY = re.compile(r"(?:[A-Za-z]+:)?/*([^/?#]*)")
# URLs that the standard leaves as they are, whatever the base: names in lower case, paths without segments of dots,
# and only characters that are never encoded. Most links are of this kind, and need no parser.
_LABEL = "(?!xn--)[a-z0-9][a-z0-9-]*+"
_SEGMENT = r"/(?!\.|%2[eE])[!$%&'()*+,\-.0-9:;=@A-Z_a-z~]*+"
_REST = r"[!$%&()*+,\-./0-9:;=?@A-Z_a-z~]*+"
_AS_IS = re.compile(
    rf"(https?)://((?:{_LABEL}\.)+(?!xn--)[a-z][a-z0-9-]*+)((?:{_SEGMENT})++)(?:\?({_REST}))?(?:#({_REST}))?"
)
_MAX_LABEL = 63  # a name that is not longer needs a check for empty labels only
_DNS_NAME = re.compile(r"(?=.{1,253}\Z)(?:[^.]{1,63}\.)*[^.]{1,63}\.?")  # lengths of RFC 1035, section 2.3.4


class Url(msgspec.Struct, frozen=True, gc=False):
    """A parsed http or https URL in its canonical form.

    Attributes:
        href: The serialised URL. It alone tells `/?` from `/`.
        scheme: "http" or "https".
        host: A lower-case ASCII name, or an address. An IPv6 address has no brackets.
        port: The effective port.
        path: The path, at least "/".
        query: The query without "?", or "".
        fragment: The fragment without "#", or "".
    """

    href: str
    scheme: str
    host: str
    port: int
    path: str
    query: str
    fragment: str

    @property
    def origin(self) -> str:
        """Return scheme, host and port, without a default port."""
        return self.href[: self.href.index("/", len(self.scheme) + 3)]

    @property
    def host_port(self) -> str:
        """Return the host, with the port unless that is the one of HTTPS."""
        is_usual = self.scheme == "https" and self.port == _DEFAULT_PORTS["https"]
        return self.host if is_usual else f"{self.host}:{self.port}"

    @property
    def without_fragment(self) -> str:
        """Return the part of the URL that a request sends."""
        return self.href.partition("#")[0]

    def with_query(self, query: str) -> "Url":
        """Return this URL with another query, which must be ASCII and percent-encoded.

        Raises:
            UrlTooLong: The result is over `MAX_URL`.
        """
        bare, mark, fragment = self.href.partition("#")
        href = _bounded(f"{bare.partition('?')[0]}?{query}{mark}{fragment}")
        return replace(self, href=href, query=query)

    def with_fragment(self, fragment: str) -> "Url":
        """Return this URL with another fragment, which must be ASCII and percent-encoded.

        Raises:
            UrlTooLong: The result is over `MAX_URL`.
        """
        return replace(self, href=_bounded(f"{self.without_fragment}#{fragment}"), fragment=fragment)


def parse_url(text: str, base: Url | None = None, *, limit: int = MAX_URL) -> Url:
    """Parse a URL that somebody submits, such as a link or the address of a webhook.

    Beyond what `read_url` rejects, this rejects what parsers read in different ways: backslashes, control characters,
    spaces at either end, and public IPv4 addresses that are not in dotted decimal.

    Raises:
        BadUrl: As `read_url`.
    """
    if (url := _read_as_is(text, limit)) is not None:
        return url
    if _DISPUTED.search(_bounded(text, limit)):
        raise BadUrl("the URL contains a backslash, a control character or a space at one end")
    url = read_url(text, base, limit=limit)
    if url.host[-1].isdigit() and _is_disputed(url.host, text, base):
        raise BadUrl("the host is an address in a form that parsers disagree about")
    return url


def read_url(text: str, base: Url | None = None, *, limit: int = MAX_URL) -> Url:
    """Read a URL that a page or a header gives, as a browser would, relative to `base`.

    Nothing in the result can be read in two ways. Only the result is passed on, never the text.

    Raises:
        UrlTooLong: The text or the parsed URL has more than `limit` characters.
        ForeignScheme: A well-formed URL that is neither http nor https.
        HasCredentials: The URL contains a user name or a password.
        BadUrl: Anything else that is not a URL, and names that DNS cannot hold.
    """
    if (url := _read_as_is(text, limit)) is not None:
        return url
    _bounded(text, limit)
    try:
        href: str = ada_url.join_url(base.href, text) if base else ada_url.normalize_url(text)
    except ValueError:
        raise BadUrl("this is not a URL") from None
    scheme, _, rest = _bounded(href, limit).partition(":")
    if scheme not in _DEFAULT_PORTS:
        raise ForeignScheme(scheme, href)
    return _split(href, scheme, rest[2:])


def _read_as_is(text: str, limit: int) -> Url | None:
    """Return the URL if parsing and serialising its text would not change it. Return None if that is not sure."""
    match = _AS_IS.fullmatch(text) if len(text) <= limit else None
    if match is None:
        return None
    scheme, host, path, query, fragment = match.groups("")
    return None if len(host) > _MAX_LABEL else Url(text, scheme, host, _DEFAULT_PORTS[scheme], path, query, fragment)


def _bounded(text: str, limit: int = MAX_URL) -> str:
    if len(text) > limit:
        raise UrlTooLong(limit)
    return text


def _split(href: str, scheme: str, rest: str) -> Url:
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    if "@" in authority:
        credentials, _, _ = authority.rpartition("@")
        raise HasCredentials(href, href.replace(f"{credentials}@", "", 1))
    host, port = _host_and_port(authority)
    return Url(href, scheme, host, int(port or _DEFAULT_PORTS[scheme]), "/" + path, query, fragment)


def _is_disputed(host: str, text: str, base: Url | None) -> bool:
    """Return whether a public address is written such that 010.0.0.1 is 8.0.0.1 to browsers and 10.0.0.1 to others.

    An address that is not public stays a URL, so that the guard can say why it denies it.
    """
    if ":" in host or (base is not None and base.host == host):
        return False
    authority = _AUTHORITY.match(text)
    return authority is not None and host not in authority[1] and deny_reason(host) is None


def _host_and_port(authority: str) -> tuple[str, str]:
    if authority[0] == "[":
        host, _, port = authority[1:].partition("]")
        return host, port[1:]
    host, _, port = authority.partition(":")
    if (len(host) > _MAX_LABEL or ".." in host or host[:1] == ".") and not _DNS_NAME.fullmatch(host):
        raise BadUrl("DNS cannot hold the host's name")
    return host, port
