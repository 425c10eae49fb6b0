"""How an answer leads on: pure functions from a page to the URLs in it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from linkskipper.egress import Response, Url
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.scripts import literal_locations
from linkskipper.resolver.result import Mechanism, Reason

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# HTML standard, "shared declarative refresh steps".
_REFRESH = re.compile(r"\s*+(?:\d++|(?=\.))[\d.]*+(?:\s*+[;,]\s*+|\s++(?![;,]))(.+)", re.DOTALL)
_URL_IS = re.compile(r"url\s*=\s*", re.IGNORECASE)


class NextUrl(NamedTuple):
    """A URL that a page leads to, as it stands there."""

    text: str
    mechanism: Mechanism
    base: Url


def automatic_redirects(page: Page) -> Iterator[NextUrl]:
    """Where the answer takes any visitor at once, with nothing to be clicked, read or run."""
    yield from redirects(page)
    for header in page.response.headers.getall("Refresh", ()):
        if text := refresh_url(header):
            yield NextUrl(text, Mechanism.REFRESH_HEADER, page.url)
    yield from _meta_refreshes(page, without_scripts=False)


def redirects(page: Page) -> Iterator[NextUrl]:
    """Where the answer redirects to, before there is any page."""
    if page.status in _REDIRECTS and (location := _location(page.response)):
        yield NextUrl(location, Mechanism.LOCATION_HEADER, page.url)


def script_redirects(page: Page) -> Iterator[NextUrl]:
    """Where its scripts send the visitor and, failing that, where it sends visitors without scripts."""
    for text in literal_locations(page.scripts):
        yield NextUrl(text, Mechanism.SCRIPT_LOCATION, page.base)
    yield from _meta_refreshes(page, without_scripts=True)


def links(page: Page, selector: str, attribute: str) -> Iterator[NextUrl]:
    """The URLs in an attribute of the elements that a selector finds; places in the page are none."""
    for element in page.tree.css(selector) if page.tree else ():
        text = element.attributes.get(attribute)
        if text and not text.lstrip().startswith("#"):
            yield NextUrl(text, Mechanism.PAGE_LINK, page.base)


def refresh_url(content: str) -> str | None:
    """The URL in a Refresh header or meta element; None where there is none: the page then loads itself again."""
    found = _REFRESH.fullmatch(content)
    if found is None:
        return None
    text = _URL_IS.sub("", found[1], count=1) if _URL_IS.match(found[1]) else found[1]
    if text[:1] in {"'", '"'}:
        text = text[1:].partition(text[0])[0]
    return text.strip() or None


def _location(response: Response) -> str | None:
    """The Location; Chromium skips empty ones and opens nothing where several differ, and so does this."""
    given = {text for text in response.locations() if text.strip()}
    if len(given) > 1:
        raise Stop(Reason.UPSTREAM_ERROR, f"{response.url.host} sent several Locations that differ.")
    return next(iter(given), None)


def _meta_refreshes(page: Page, *, without_scripts: bool) -> Iterator[NextUrl]:
    if b"refresh" not in page.response.body.lower() or page.tree is None:
        return
    for element in page.tree.css('meta[http-equiv="refresh" i][content]'):
        text = refresh_url(element.attributes["content"] or "")
        if text and _is_in_noscript(element) == without_scripts:
            yield NextUrl(text, Mechanism.META_REFRESH, page.base)


def _is_in_noscript(element: LexborNode) -> bool:
    parent = element.parent
    while parent is not None and parent.tag != "noscript":
        parent = parent.parent
    return parent is not None
