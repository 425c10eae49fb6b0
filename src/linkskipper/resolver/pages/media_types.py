"""Tell what a browser does with a response by its media type and its disposition: show it as a page, or save it."""

import re

from linkskipper.egress import Response, is_text

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_XML = frozenset({"text/xml", "application/xml"})
_XHTML_NAMESPACE = b"http://www.w3.org/1999/xhtml"
_SHOWN = ("image/", "audio/", "video/")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# MIME Sniffing standard, section 7.1. Like Chromium, the end of the tag's name does not count.
_LOOKS_LIKE_HTML = re.compile(
    rb"[\t\n\f\r ]*+<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)",
    re.IGNORECASE,
)


def is_html(response: Response) -> bool:
    """Return whether a response is an HTML page. One without a media type is recognised by its beginning."""
    if is_xml(response):
        return response.media_type in _HTML or _XHTML_NAMESPACE in response.body
    if response.media_type:
        return response.media_type in _HTML
    if response.headers.get("X-Content-Type-Options", "").lower() == "nosniff":
        return False
    return _LOOKS_LIKE_HTML.match(response.body) is not None


def is_xml(response: Response) -> bool:
    """Return whether browsers parse a response as XML (MIME Sniffing standard, "XML MIME type")."""
    return response.media_type in _XML or response.media_type.endswith("+xml")


def is_download(response: Response) -> bool:
    """Return whether a browser saves a response and stays where it is."""
    disposition = response.headers.get("Content-Disposition", "").partition(";")[0].strip()
    if _TOKEN.fullmatch(disposition) and disposition.lower() != "inline":
        return True
    return not (is_text(response.media_type) or response.media_type.startswith(_SHOWN))
