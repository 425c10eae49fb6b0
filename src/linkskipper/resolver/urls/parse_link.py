"""From what somebody pasted to a link that can be resolved."""

import re
from hashlib import sha256

import msgspec

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import BadUrl, ForeignScheme, Url, parse_url
from linkskipper.resolver.ad_hoc import ad_hoc_provider
from linkskipper.resolver.errors import Unsupported

_IN_PROSE = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_HTTP = re.compile(r"https?:", re.IGNORECASE)
_AFTER_A_URL = ".,;:!?'*\u2026\u00bb\u201d\u2019"
_BRACKETS = {")": "(", "]": "[", "}": "{"}


class ParsedLink(msgspec.Struct, frozen=True, gc=False):
    """A link of a provider; `key` is the SHA-256 of its canonical URL."""

    url: Url
    provider: Provider
    key: bytes


def parse_link(text: str, catalog: Catalog, *, generic: bool = False) -> ParsedLink:
    """Find the link in a text: the text itself, or else the first http(s) URL in it; no request is sent.

    With `generic`, hosts that no provider file names are given a provider of their own. Raises Unsupported, with what
    to do about it.
    """
    url = _find_url(text.strip(), catalog)
    provider = catalog.owner(url.host)
    if provider is None and generic and catalog.find_discontinued(url.host) is None:
        provider = ad_hoc_provider(url.host)
    if provider is None:
        raise Unsupported(_why_not(url, catalog))
    if not provider.is_link(url):
        raise Unsupported(f"{url.href} is a page of {provider.label}, not a short link: give the link itself.")
    return ParsedLink(url, provider, sha256(url.href.encode()).digest())


def _find_url(text: str, catalog: Catalog) -> Url:
    if _HTTP.match(text):
        return _read(text if len(text.split(maxsplit=1)) == 1 else _first_in(text))
    if (url := _without_scheme(text, catalog)) is not None:
        return url
    return _read(_first_in(text))


def _first_in(text: str) -> str:
    """Cut the first URL out of prose, without the punctuation around it."""
    found = _IN_PROSE.search(text)
    if found is None:
        return text
    url = found[0]
    while url[-1] in _AFTER_A_URL or _closes_nothing(url):
        url = url[:-1]
    return url


def _closes_nothing(url: str) -> bool:
    opening = _BRACKETS.get(url[-1])
    return opening is not None and url.count(url[-1]) > url.count(opening)


def _without_scheme(text: str, catalog: Catalog) -> Url | None:
    """Read bit.ly/abc; only supported hosts may go without their scheme, for else any word would be a URL."""
    try:
        url = parse_url(f"https://{text}")
    except BadUrl:
        return None
    return url if catalog.owner(url.host) or catalog.find_discontinued(url.host) else None


def _read(text: str) -> Url:
    try:
        return parse_url(text)
    except ForeignScheme as foreign:
        raise Unsupported(f"{foreign.scheme}: links are not supported: give an http or https link.") from None
    except BadUrl:
        raise Unsupported("There is no URL in it that can be read: give one link, as https://bit.ly/abc.") from None


def _why_not(url: Url, catalog: Catalog) -> str:
    service = catalog.find_discontinued(url.host)
    if service is not None:
        return f"{service.label} closed on {service.closed:%d %B %Y}: {service.reason}"
    return f"{url.host} is not a shortener that is supported here: GET /v1/providers lists those that are."
