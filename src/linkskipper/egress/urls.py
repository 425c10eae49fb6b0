"""One reading of a URL, the browsers' (WHATWG), for everything that follows."""

import re

import ada_url
import msgspec

from linkskipper.egress.errors import BadUrl, ForeignScheme

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Parsers disagree about each of these, which is how one URL comes to mean two hosts.
_DISPUTED = re.compile(r"[\x00-\x1f\x7f\\]|\A | \Z")
_LABEL = 63  # a name no longer than one label can only have empty ones wrong with it
_DNS_NAME = re.compile(r"(?=.{1,253}\Z)(?:[^.]{1,63}\.)*[^.]{1,63}\.?")  # lengths of RFC 1035, section 2.3.4


class Url(msgspec.Struct, frozen=True, gc=False):
    """A canonical http or https URL, split.

    `host` is a lower-case ASCII name or an address, an IPv6 one without its brackets. `port` is the effective one.
    `query` and `fragment` are without their marks and "" if there is none; `href` alone tells `/?` from `/`.
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
        """Scheme, host and port, the default port left out."""
        return self.href[: self.href.index("/", len(self.scheme) + 3)]


def canonical(text: str, base: Url | None = None) -> Url:
    """Read `text` as a browser would, relative to `base`.

    Refused besides what WHATWG refuses: backslashes, control characters, spaces at either end, userinfo, and names
    that DNS cannot hold. Raises BadUrl, or ForeignScheme for well-formed URLs that are neither http nor https.
    """
    if _DISPUTED.search(text):
        raise BadUrl("the URL holds a backslash, a control character or a space at its end")
    try:
        href: str = ada_url.join_url(base.href, text) if base else ada_url.normalize_url(text)
    except ValueError:
        raise BadUrl("this is not a URL") from None
    scheme, _, rest = href.partition(":")
    if scheme not in _DEFAULT_PORTS:
        raise ForeignScheme(scheme, href)
    return _split(href, scheme, rest[2:])


def _split(href: str, scheme: str, rest: str) -> Url:
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    if "@" in authority:
        raise BadUrl("the URL holds a user name or password")
    host, port = _host_and_port(authority)
    return Url(href, scheme, host, int(port or _DEFAULT_PORTS[scheme]), "/" + path, query, fragment)


def _host_and_port(authority: str) -> tuple[str, str]:
    if authority[0] == "[":
        host, _, port = authority[1:].partition("]")
        return host, port[1:]
    host, _, port = authority.partition(":")
    if (len(host) > _LABEL or ".." in host or host[:1] == ".") and not _DNS_NAME.fullmatch(host):
        raise BadUrl("the host is no name that DNS can hold")
    return host, port
