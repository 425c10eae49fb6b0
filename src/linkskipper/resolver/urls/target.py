"""Where a spelled-out URL leads, and how it is spelled when it is given to the client."""

import re

import msgspec
from msgspec.structs import replace

from linkskipper.egress import BadUrl, ForeignScheme, Url, parse_url

_STRIPPED = "".join(map(chr, range(0x21)))  # what browsers strip at both ends: C0 controls and the space
_ABSOLUTE = re.compile(r"(https?)://([^/?#]+)(.*)", re.IGNORECASE)
_PRINTABLE = re.compile(r"[!-~]+")
_PORT = re.compile(r":[0-9]*\Z")


class Target(msgspec.Struct, frozen=True, gc=False):
    """Where something leads. `as_written` is what the client is given; `url` is None for schemes other than http(s)."""

    as_written: str
    scheme: str
    url: Url | None


def read_target(text: str, base: Url) -> Target | None:
    """Read a URL found at `base`; None where it is no URL, or one that is never opened (see egress.parse_url).

    A destination keeps its spelling where that is absolute and cannot be misread; else it gets the browsers'.
    """
    text = text.strip(_STRIPPED)
    try:
        url = parse_url(text, base)
    except ForeignScheme as foreign:
        return Target(text if _PRINTABLE.fullmatch(text) else foreign.href, foreign.scheme, None)
    except BadUrl:
        return None
    return Target(_spelling(text, url), url.scheme, url)


def inherit_fragment(target: Target, base: Url) -> Target:
    """Hand a redirected URL's fragment on to a Location without one (RFC 9110, section 10.2.2)."""
    if not base.fragment or target.url is None or "#" in target.as_written:
        return target
    href = f"{target.url.href}#{base.fragment}"
    url = replace(target.url, href=href, fragment=base.fragment)
    return replace(target, as_written=f"{target.as_written}#{base.fragment}", url=url)


def _spelling(text: str, url: Url) -> str:
    if text == url.href:
        return text
    found = _ABSOLUTE.fullmatch(text)
    if found is None or not _PRINTABLE.fullmatch(text):
        return url.href
    scheme, authority, rest = found.groups()
    host = _PORT.sub("", authority).strip("[]").lower()
    return f"{scheme.lower()}://{authority.lower()}{rest}" if host == url.host else url.href
