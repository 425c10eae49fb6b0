"""Find the charset of a page as browsers do (HTML standard, "determining the character encoding")."""

import codecs
import re

from linkskipper.egress.charsets import UTF8, UTF16_BE, UTF16_LE, WINDOWS_1252, Charset

_BOMS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, UTF16_LE), (codecs.BOM_UTF16_BE, UTF16_BE))
_XML_IN_UTF16 = (("<?x".encode("utf-16-le"), UTF16_LE), ("<?x".encode("utf-16-be"), UTF16_BE))
_XML_ENCODING = re.compile(rb"<\?xml.*?encoding[\0- ]*=[\0- ]*([\"'])([^\"'\0- ]+)\1", re.DOTALL)
_ATTRIBUTE = (
    rb"(?:=[^\s/>=]*+|[^\s/>=]++)"
    rb"(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>\"'][^\s>]*+)?+)?+"
)
_REST_OF_TAG = rb"(?=[\s/>]|\Z)(?:[\s/]++|" + _ATTRIBUTE + rb")*+(?:>|\Z)"
# Each alternative ends at the end of the page at the latest, so that no part is read twice.
_MARKUP = re.compile(
    rb"<!--(?:-?>|.*?(?:--!?>|\Z))"
    rb"|<(?:[!?]|/(?![a-z]))[^>]*+>?"
    rb"|<(title|textarea|style|script|iframe|xmp|noembed|noframes)" + _REST_OF_TAG + rb"(?:.*?</\1(?=[\s/>])|.*+)"
    rb"|<meta(?P<meta>" + _REST_OF_TAG + rb")"
    rb"|</?[a-z][^\s/>]*+" + _REST_OF_TAG,
    re.DOTALL | re.IGNORECASE,
)
_NAME_AND_VALUE = re.compile(
    rb"(=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"?+|'([^']*+)'?+|([^\s>]*+)))?+", re.IGNORECASE
)
_CHARSET_IN_CONTENT = re.compile(rb"charset\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"'][^\s;]*))", re.IGNORECASE)


def detect_charset(body: bytes, label: str | None, *, is_xml: bool) -> Charset:
    """Return the charset of a page by its byte order mark, its header, or its own declaration.

    Like the standard and unlike Chromium, a declaration counts at any place of the page. A page without one is
    windows-1252, unless it has characters that only UTF-8 explains.

    Args:
        body: The page.
        label: The charset of the Content-Type header, or None.
        is_xml: Whether it is XHTML, which knows no meta elements.
    """
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return charset
    if label is not None and (stated := Charset.from_label(label)) is not None:
        return stated
    for beginning, charset in _XML_IN_UTF16:
        if body.startswith(beginning):
            return charset
    declared = (None if is_xml else _meta_charset(body)) or _xml_charset(body)
    return declared or (UTF8 if is_xml or (not body.isascii() and _is_utf8(body)) else WINDOWS_1252)


def _meta_charset(body: bytes) -> Charset | None:
    """Return the charset of the first meta element that names a known one."""
    for markup in _MARKUP.finditer(body):
        if (attributes := markup["meta"]) and (charset := _declared(_label(attributes))):
            return charset
    return None


def _label(tag: bytes) -> bytes | None:
    attributes: dict[bytes, bytes] = {}
    for match in _NAME_AND_VALUE.finditer(tag):
        attributes.setdefault(match[1].lower(), match[2] or match[3] or match[4] or b"")
    if b"charset" in attributes:
        return attributes[b"charset"]
    if attributes.get(b"http-equiv", b"").lower() != b"content-type":
        return None
    stated = _CHARSET_IN_CONTENT.search(attributes.get(b"content", b""))
    return None if stated is None else stated[1] or stated[2] or stated[3]


def _xml_charset(body: bytes) -> Charset | None:
    match = _XML_ENCODING.match(body, 0, max(body.find(b">"), 0))
    return None if match is None else _declared(match[2])


def _declared(label: bytes | None) -> Charset | None:
    """Return the charset of a declaration. A page in which it can be read is not UTF-16, whatever it says."""
    charset = None if label is None else Charset.from_label(label.decode("latin-1"))
    return UTF8 if charset in (UTF16_LE, UTF16_BE) else charset


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
