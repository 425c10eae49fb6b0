"""Read URLs as browsers do (WHATWG URL Standard)."""

import re

import ada_url
import msgspec

from linkskipper.egress.addresses import deny_reason
from linkskipper.egress.errors import BadUrl, ForeignScheme

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Parsers disagree about each of these, so that one URL could mean two hosts.
_DISPUTED = re.compile(r"[\x00-\x1f\x7f\\]|\A | \Z")
_AUTHORITY = re.compile(r"(?:[A-Za-z]+:)?/*([^/?#]*)")
_LABEL = 63  # the only fault of a shorter name can be an empty label
_DNS_NAME = re.compile(r"(?=.{1,253}\Z)(?:[^.]{1,63}\.)*[^.]{1,63}\.?")  # lengths of RFC 1035, section 2.3.4


class Url(msgspec.Struct, frozen=True, gc=False):
    """A canonical http or https URL, split.

    `host` is a lower-case ASCII name or an address, an IPv6 one without its brackets. `port` is the effective one.
    `query` and `fragment` have no mark and are "" if there is none. Only `href` tells `/?` from `/`.
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
        """Return scheme, host and port, without the default port."""
        return self.href[: self.href.index("/", len(self.scheme) + 3)]


def parse_url(text: str, base: Url | None = None) -> Url:
    """Read `text` as a browser would, relative to `base`.

    Also refuse what WHATWG accepts: backslashes, control characters, spaces at either end, userinfo, names that DNS
    cannot hold, and public IPv4 addresses in other spellings than the plain one.

    Raises:
        BadUrl: The text is not such a URL.
        ForeignScheme: The URL is well-formed, but neither http nor https.
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
    url = _split(href, scheme, rest[2:])
    if url.host[-1].isdigit() and _is_disputed(url.host, text, base):
        raise BadUrl("the host is an address in a spelling that parsers disagree about")
    return url


def _split(href: str, scheme: str, rest: str) -> Url:
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    if "@" in authority:
        raise BadUrl("the URL holds a user name or password")
    host, port = _host_and_port(authority)
    return Url(href, scheme, host, int(port or _DEFAULT_PORTS[scheme]), "/" + path, query, fragment)


def _is_disputed(host: str, text: str, base: Url | None) -> bool:
    """Tell whether parsers disagree about a public address: 010.0.0.1 is 8.0.0.1 to browsers and 10.0.0.1 to others.

    A spelling of an address that is not public passes here, so that the guard can name the reason.
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
    if (len(host) > _LABEL or ".." in host or host[:1] == ".") and not _DNS_NAME.fullmatch(host):
        raise BadUrl("DNS cannot hold the name of the host")
    return host, port
