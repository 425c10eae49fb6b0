"""Find the URLs that a page leads to. All functions are pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from linkskipper.egress import Response, Url
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.scripts import literal_locations
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.result import Mechanism

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# HTML standard, "shared declarative refresh steps".
_REFRESH = re.compile(r"\s*+(?:\d++|(?=\.))[\d.]*+(?:\s*+[;,]\s*+|\s++(?![;,]))(.+)", re.DOTALL)
_URL_PREFIX = re.compile(r"url\s*=\s*", re.IGNORECASE)


class NextUrl(NamedTuple):
    """A URL that a page leads to: as written, how the page leads there, and what it is relative to."""

    text: str
    mechanism: Mechanism
    base: Url


def automatic_redirects(page: Page) -> Iterator[NextUrl]:
    """Yield where the response sends any visitor, without a click or a script."""
    yield from redirects(page)
    for header in page.response.headers.getall("Refresh", ()):
        if text := refresh_url(header):
            yield NextUrl(text, Mechanism.REFRESH_HEADER, page.url)
    yield from _meta_refreshes(page, in_noscript=False)


def redirects(page: Page) -> Iterator[NextUrl]:
    """Yield the Location of a redirect.

    Raises:
        Stop: There are several Locations, and they differ.
    """
    if page.status in _REDIRECTS and (location := _location(page.response)):
        yield NextUrl(location, Mechanism.LOCATION_HEADER, page.url)


def script_redirects(page: Page) -> Iterator[NextUrl]:
    """Yield where the scripts send the visitor, and then where the page sends visitors without scripts."""
    for text in literal_locations(page.scripts):
        yield NextUrl(text, Mechanism.SCRIPT_LOCATION, page.base)
    yield from _meta_refreshes(page, in_noscript=True)


def links(page: Page, selector: str, attribute: str) -> Iterator[NextUrl]:
    """Yield the URLs in an attribute of the selected elements, except for those within the page."""
    for element in page.tree.css(selector) if page.tree else ():
        text = element.attributes.get(attribute)
        if text and not text.lstrip().startswith("#"):
            yield NextUrl(text, Mechanism.PAGE_LINK, page.base)


def refresh_url(content: str) -> str | None:
    """Return the URL in a Refresh header or meta element, or None if the page only reloads itself."""
    match = _REFRESH.fullmatch(content)
    if match is None:
        return None
    text = _URL_PREFIX.sub("", match[1], count=1) if _URL_PREFIX.match(match[1]) else match[1]
    if text[:1] in {"'", '"'}:
        text = text[1:].partition(text[0])[0]
    return text.strip() or None


def _location(response: Response) -> str | None:
    """Return the Location. Like Chromium, skip empty ones, and open none if several differ."""
    locations = {text for text in response.locations() if text.strip()}
    if len(locations) > 1:
        raise Stop(Reason.UPSTREAM_ERROR, f"{response.url.host} sent several Location headers that differ.")
    return next(iter(locations), None)


def _meta_refreshes(page: Page, *, in_noscript: bool) -> Iterator[NextUrl]:
    if b"refresh" not in page.response.body.lower() or page.tree is None:
        return
    for element in page.tree.css('meta[http-equiv="refresh" i][content]'):
        text = refresh_url(element.attributes["content"] or "")
        if text and _is_in_noscript(element) == in_noscript:
            yield NextUrl(text, Mechanism.META_REFRESH, page.base)


def _is_in_noscript(element: LexborNode) -> bool:
    parent = element.parent
    while parent is not None and parent.tag != "noscript":
        parent = parent.parent
    return parent is not None
