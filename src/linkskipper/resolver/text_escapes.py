"""Undo what programs and people write in place of the characters of a URL."""

import html
import quopri
import re
from urllib.parse import unquote

# Characters that show nothing: zero-width spaces, marks of the writing direction, soft hyphens, byte order marks.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# URLs in them name a format. They are never links.
_DECLARATIONS = re.compile(r"<(?:\?|!DOCTYPE)[^<>]*>|\bxmlns(?::\w+)?\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*')")

_DEFANGED_SCHEME = re.compile(r"h(?:xx|\*\*)p(s?)(?=:|%3a)", re.IGNORECASE)
_BRACKETLESS = re.compile(r"[^\[\](){}*]*")
_DEFANGED = re.compile(r"[\[({](\.|dot|:|/|://|@)[\])}]", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:[\[({][^\s\])}]{1,3}[\])}]|[^\s/?#\"<>])*")
_WIDE = {ord("\u3002"): ".", ord("\uff61"): "."} | {
    code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if re.match(r"[\w./:?#&=%~@-]", chr(code - 0xFEE0))
}
"""Full-width letters, digits and the punctuation of URLs, and the ASCII characters that they stand for."""

_JSON_SLASHES = re.compile(r"https?:\\/\\/", re.IGNORECASE)
_VCARD_COLON = re.compile(r"https?\\:", re.IGNORECASE)
_VCARD_ESCAPE = re.compile(r"\\([:;,])")
_PERCENT_ENCODED = re.compile(r"https?%(?:25)*3a%(?:25)*2f%(?:25)*2f[^\s&\"'<>]*", re.IGNORECASE)
_MISTYPED_COLON = re.compile(r"(?<![^\s\"'(<\[])(https?);?//(?=[a-z0-9])", re.IGNORECASE)
_SPACED_COLON = re.compile(r"\b(https?) ://", re.IGNORECASE)
_MARKUP_ESCAPE = re.compile(r"\\([!#$%&()*+,.:;=?@\[\]^_`{|}~-])")

_SOFT_BREAK = re.compile(r"[!-~]=\r?\n[!-~]")
_QUOTED_PRINTABLE = re.compile(r"=3D(?:[\"']|https?(?:://|%3A))")
_MAX_PRINTABLE = 76  # characters of a line of quoted printable, with the = at its end (RFC 2045, section 6.7)

_ENTITY = re.compile(r"&(?:amp|quot|apos|lt|gt|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_ANY_ENTITY = re.compile(r"&#?\w+;")
_MAX_ESCAPES = 3


def visible(text: str) -> str:
    """Return a text without the characters that show nothing, and without its white space at both ends."""
    return _INVISIBLE.sub("", text).strip()


def unescape_text(text: str) -> str:
    """Undo the escapes of a text: of JSON, calendars, mails, and queries if it has no URL without that."""
    if "=" in text and _is_quoted_printable(text):
        text = quopri.decodestring(text.encode(errors="replace")).decode(errors="replace")
    if "<" in text or "xmlns" in text:
        text = _DECLARATIONS.sub(" ", text)
    if "\\" in text:
        text = _without_backslashes(text)
    if "://" in text:
        return _SPACED_COLON.sub(r"\1://", text)
    if (encoded := _PERCENT_ENCODED.search(text)) is None:
        return _MISTYPED_COLON.sub(r"\1://", text)
    text = encoded[0]
    while "://" not in text:
        text = unquote(text)
    return text


def percent_encoded_urls(text: str) -> list[str]:
    """Return the URLs in a text that are percent-encoded as a whole."""
    return _PERCENT_ENCODED.findall(text)


def _is_quoted_printable(text: str) -> bool:
    """Return whether the text is a part of a mail in which each `=` is written as `=3D` (RFC 2045, section 6.7)."""
    if _SOFT_BREAK.search(text) is None:
        return _QUOTED_PRINTABLE.search(text) is not None
    lines = (line.rstrip("\r") for line in text.split("\n"))
    return "=3D" in text or any(len(line) == _MAX_PRINTABLE and line.endswith("=") for line in lines)


def _without_backslashes(text: str) -> str:
    if _JSON_SLASHES.search(text):
        text = text.replace("\\/", "/").replace("\\u0026", "&")
    if _VCARD_COLON.search(text):
        text = _VCARD_ESCAPE.sub(r"\1", text)
    return text


def has_entity(text: str) -> bool:
    """Return whether a text has an entity of HTML."""
    return _ANY_ENTITY.search(text) is not None


def unescape_markup(url: str) -> str:
    """Remove the backslashes before punctuation that Markdown and LaTeX need."""
    return _MARKUP_ESCAPE.sub(r"\1", url) if "\\" in url else url


def unescape_entities(url: str) -> str:
    """Decode the entities of HTML if each `&` begins one: then the link was copied out of a page's source."""
    for _ in range(_MAX_ESCAPES):
        if not 0 < url.count("&") == len(_ENTITY.findall(url)):
            break
        url = visible(_ENTITY.sub(lambda entity: html.unescape(entity[0]), url))
    return url


def refang(beginning: str, rest: str) -> str:
    """Undo what keeps a link from being opened, and full-width characters, if its beginning or host has any."""
    match = _AUTHORITY.match(rest)
    head = beginning + (match[0] if match else "")
    if any(ord(character) in _WIDE for character in head):
        rest = rest.translate(_WIDE)
    if _DEFANGED.search(head) or _DEFANGED_SCHEME.match(beginning) or not _BRACKETLESS.fullmatch(beginning):
        rest = _DEFANGED.sub(lambda part: "." if part[1].lower() == "dot" else part[1], rest)
        rest = _DEFANGED_SCHEME.sub(r"http\1", rest)
    return rest
