"""Read pages that browsers parse as XML: XHTML, drawings, and documents with a style sheet.

An error in the markup ends such a page, scripts are written in another way, and names of elements count in their case
and namespace. Only a well-formed XHTML page without scripts means the same to the parser of HTML.
"""

import re
from xml.parsers import expat

from linkskipper.resolver.pages.page import Page

_XHTML = "http://www.w3.org/1999/xhtml"
_SVG = "http://www.w3.org/2000/svg"
_ROOT = re.compile(r"<html\b[^<>]*\sxmlns=([\"'])http://www\.w3\.org/1999/xhtml\1")
_LOOKS_DIFFERENT = re.compile(
    r"<[A-Z]|<!ENTITY|<!\[CDATA\[|<\w+:|<noscript|\sxmlns:?\w*=(?![\"']http://www\.w3\.org/1999/xhtml)"
)
_STYLE_SHEET = "<?xml-stylesheet"
# A character reference can hide a value, but no name.
_HIDDEN_NAMESPACE = re.compile(r"\sxmlns[^\s=<>\"']*\s*=\s*[\"'][^\"'<>]*&")
_ACTIVE = re.compile(
    r"<(?:[^\s<>/:]+:)?(?:script|iframe|frame|object|embed|base)\b|\son[a-z]+\s*=\s*[\"']"
    r"|\b(?:href|src|action)\s*=\s*[\"']\s*javascript:",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"\shttp-equiv\s*=\s*(?:\"[^\"<>]*(?:refresh|&)|'[^'<>]*(?:refresh|&))", re.IGNORECASE)


def may_be_active(page: Page) -> bool:
    """Return whether a page may run scripts or load others."""
    return _STYLE_SHEET in page.text or (_has_behavior(page.text) and _ACTIVE.search(page.text) is not None)


def may_refresh(page: Page) -> bool:
    """Return whether a page may have a refresh."""
    if page.response.refresh() is not None:
        return True
    return _has_behavior(page.text) and _REFRESH.search(page.text) is not None


def _has_behavior(text: str) -> bool:
    """Return whether elements may be in a namespace in which they do anything. A feed has only elements to be read."""
    return _XHTML in text or _SVG in text or _HIDDEN_NAMESPACE.search(text) is not None


def reads_as_html(page: Page) -> bool:
    """Return whether the parser of HTML finds the same elements as that of XML."""
    if _XHTML not in page.text or _ROOT.search(page.text) is None or _LOOKS_DIFFERENT.search(page.text):
        return False
    try:
        expat.ParserCreate(encoding="utf-8").Parse(page.text.encode(errors="replace"), True)  # noqa: FBT003 - expat's
    except expat.ExpatError:
        return False
    return True
