"""Read pages that browsers parse as XML: XHTML, drawings, and documents with a style sheet.

An error in the markup ends such a page, scripts are written in another way, and names of elements count in their case
and namespace. Only a well-formed XHTML page without scripts means the same to the parser of HTML.
"""

import re
from xml.parsers import expat

from linkskipper.resolver.pages.page import Page

_ROOT = re.compile(r"<html\b[^>]*\sxmlns=([\"'])http://www\.w3\.org/1999/xhtml\1")
_LOOKS_DIFFERENT = re.compile(
    r"<[A-Z]|<!ENTITY|<!\[CDATA\[|<\w+:|<noscript|\sxmlns:?\w*=(?![\"']http://www\.w3\.org/1999/xhtml)"
)
_ACTIVE = re.compile(
    r"script|<\?xml-stylesheet|\bon[a-z]+\s*=|<(?:\w+:)?(?:iframe|frame|object|embed|base)\b", re.IGNORECASE
)
_REFRESH = re.compile("refresh", re.IGNORECASE)


def may_be_active(page: Page) -> bool:
    """Return whether a page may run scripts or load others."""
    return _ACTIVE.search(page.text) is not None


def may_refresh(page: Page) -> bool:
    """Return whether a page may have a refresh."""
    return page.response.refresh() is not None or _REFRESH.search(page.text) is not None


def reads_as_html(page: Page) -> bool:
    """Return whether the parser of HTML finds the same elements as that of XML."""
    if _ROOT.search(page.text) is None or _LOOKS_DIFFERENT.search(page.text):
        return False
    try:
        expat.ParserCreate(encoding="utf-8").Parse(page.text.encode(errors="replace"), True)  # noqa: FBT003 - expat's
    except expat.ExpatError:
        return False
    return True
