"""Find the URLs that a page leads to. All functions are pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from linkskipper.catalog.steps import ELEMENT_TEXT
from linkskipper.egress import UTF8, Charset, Response, Url
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.reasons import Reason
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.urls.target import STRIPPED

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What Chromium makes of the HTML standard's "shared declarative refresh steps".
_SPACE = r"[ \t\n\f\r]"
_REFRESH = re.compile(rf"{_SPACE}*+([^,; \t\n\f\r]++){_SPACE}*+[,;]?+{_SPACE}*+(.+)", re.DOTALL)
_DELAY = re.compile(r"\s*+(?:(\d++)\.?+|\.\d)[\d.]*+\s*+", re.ASCII)
_ABSOLUTE_URL = re.compile(r"https?://", re.IGNORECASE)
_URL_PREFIX = re.compile(rf"url{_SPACE}*+={_SPACE}*+", re.IGNORECASE)
_MAX_DELAY = (2**31 - 1) / 1000  # seconds: Chromium ignores a refresh that comes later


class NextUrl(NamedTuple):
    """A URL that a page leads to: as written, how, what it is relative to, and the charset of its query."""

    text: str
    mechanism: Mechanism
    base: Url
    charset: Charset = UTF8


class Refresh(NamedTuple):
    """Where a page leads after a delay in whole seconds, as written. Browsers ignore the fraction."""

    delay: int
    url: str


def redirects(page: Page) -> Iterator[NextUrl]:
    """Yield the Location of a redirect.

    Raises:
        Stop: There are several Locations, and they differ.
    """
    if page.status in REDIRECTS and (location := _location(page.response)):
        yield NextUrl(location, Mechanism.LOCATION_HEADER, page.url)


def links(page: Page, selector: str, attribute: str) -> Iterator[NextUrl]:
    """Yield the URLs in an attribute of the selected elements, or in their text, except for those within the page."""
    for element in page.tree.css(selector) if page.tree else ():
        text = _url_in_text(element) if attribute == ELEMENT_TEXT else element.attributes.get(attribute)
        if text and not text.lstrip().startswith("#"):
            yield NextUrl(text, Mechanism.PAGE_LINK, page.base, page.charset)


def read_refresh(content: str) -> Refresh | None:
    """Read a Refresh header or meta element. Return None if the page only reloads itself, or stays."""
    match = _REFRESH.fullmatch(content)
    delay = match and _DELAY.fullmatch(match[1])
    if not match or not delay or int(delay[1] or 0) > _MAX_DELAY:
        return None
    text = _URL_PREFIX.sub("", match[2], count=1) if _URL_PREFIX.match(match[2]) else match[2]
    if text[:1] in {"'", '"'}:
        quoted, mark, _ = text[1:].rpartition(text[0])
        text = quoted if mark else text[1:]
    text = text.strip(STRIPPED)
    return Refresh(int(delay[1] or 0), text) if text else None


def _url_in_text(element: LexborNode) -> str | None:
    """Return the first word of an element's text that is an absolute URL."""
    return next((word for word in element.text().split() if _ABSOLUTE_URL.match(word)), None)


def _location(response: Response) -> str | None:
    """Return the Location. Like Chromium, skip empty ones, and open none if several differ."""
    locations = {text for text in response.locations() if text.strip()}
    if len(locations) > 1:
        raise Stop(Reason.UPSTREAM_ERROR, f"{response.url.host} sent several Location headers that differ.")
    return next(iter(locations), None)
