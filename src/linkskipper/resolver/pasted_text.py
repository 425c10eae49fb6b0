"""Find a URL in a text as its author meant it: in prose, in markup, or written so that nobody opens it by accident."""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from urllib.parse import unquote

from linkskipper.egress import BadUrl, parse_url

# Characters that show nothing: zero-width spaces, marks of the writing direction, soft hyphens, byte order marks.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_JOINERS = "\u200c\u200d"  # they change letters of some scripts, but end no word
# Most links: nothing in them needs care.
_PLAIN = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?#][!#-;=?-~]*)?", re.IGNORECASE)

_COLON = "[\\[({]?[:\uff1a](?:[\\])}]|(?=[/\uff0f]))"
_SLASHES = "[/\uff0f]+[\\])}]?"
_SCHEME = "(?:[h\uff48](?:[t\uff54]{2}|xx|\\*\\*)|(?<![a-z0-9])tt)[p\uff50]([s\uff53]?)"
# "https://", and several in a row. The colon may be missing in all but the first.
_BEGINNING = re.compile(f"{_SCHEME}{_COLON}{_SLASHES}(?:{_SCHEME}(?:{_COLON})?{_SLASHES})*", re.IGNORECASE)
_SCHEME_ONLY = re.compile("https?:(?=[a-z0-9])", re.IGNORECASE)

_DEFANGED_SCHEME = re.compile(r"h(?:xx|\*\*)p(s?)(?=:|%3a)", re.IGNORECASE)
_BRACKETLESS = re.compile(r"[^\[\](){}*]*")
_DEFANGED = re.compile(r"[\[({](\.|dot|:|/|://|@)[\])}]", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:[\[({][^\s\])}]{1,3}[\])}]|[^\s/?#\"<>])*")
_WIDE = {ord("\u3002"): ".", ord("\uff61"): "."} | {
    code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if re.match(r"[\w./:?#&=%~@-]", chr(code - 0xFEE0))
}
"""Full-width letters, digits and the punctuation of URLs, and the ASCII characters that they stand for."""

_CJK_PUNCTUATION = (
    "\u3001-\u3003\u3008-\u3011\u3014-\u301b\uff01\uff08\uff09\uff0c\uff1b\uff1c\uff1e\uff1f\uff3b\uff3d\uff5b\uff5d"
)
_PUNCTUATION = "\u2018\u201a\u201c-\u201e\u00ab\u00bb\u2039\u203a\u060c\u061b\u061f\u06d4\u0964\u0965\u055d\u055e\u0589"
_END = re.compile(f'[\\s<>"{_PUNCTUATION}{_CJK_PUNCTUATION}]|\uff1a(?![/\uff0f])|&(?:gt|lt|quot|nbsp);|\\]\\(|\\[/')
# Not compiled here: Python 3.11 looks at each character of a range, and few links need this.
_CJK_LETTER = "[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_EMPHASIS = ("__", "_", "~~", "||", "**", "*", "`")
_ESCAPED_SLASHES = re.compile(r"https?:\\/\\/", re.IGNORECASE)  # as in JSON
_PERCENT_ENCODED = re.compile(r"https?%(?:25)*3a%(?:25)*2f%(?:25)*2f[^\s&\"'<>]*", re.IGNORECASE)
_TRAILING_PUNCTUATION = ".,;:!?'*`|\u2019"
CUT_SHORT = "\u2026"
"""The mark that pages and chats put at the end of a URL that is too long for them."""

_BRACKETS = {")": "(", "]": "[", "}": "{"}
_AROUND = re.compile(f"[\"'<>()\\[\\]{{}}*`\u2018\u2019\u201c\u201d\u00ab\u00bb{_CJK_PUNCTUATION}]*")
_ENTITY = re.compile(r"&(?:amp|quot|apos|lt|gt|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_MAX_ESCAPES = 3

_LISTED = ",;|"
# The gap between two links of a text. After any other character, a URL is a part of the one before it.
_BETWEEN = f"(?:{_END.pattern}|[{_LISTED}]|{_CJK_LETTER})[\\s'\"`(\\[{{<*_~]*\\Z"
_MAX_BETWEEN = 8  # characters, so that the time stays linear


def split_links(text: str) -> list[str]:
    """Return the URLs in a text, each once, without those in another URL. A text with at most one is returned whole.

    What stands before the first URL stays with it if it may be a link without its scheme.
    """
    pieces, urls = _pieces_with_urls(text)
    links = _distinct(urls)
    if len(links) < 2:  # noqa: PLR2004 - a single link
        return [text]
    if urls[0] is None and "/" in pieces[0]:
        links[0] = "".join(pieces[:2])
    return links


def find_urls(text: str) -> list[str]:
    """Return the http and https URLs in a text, each once, without those in another URL."""
    return _distinct(_pieces_with_urls(text)[1])


def href_of(url: str) -> str:
    """Return the canonical URL, or the text itself if it is not a URL."""
    try:
        return parse_url(url).href
    except BadUrl:
        return url


def _distinct(urls: Iterable[str | None]) -> list[str]:
    """Return the URLs in the first spelling of each."""
    links = list(dict.fromkeys(url for url in urls if url and not url.endswith("://")))
    if len(links) < 2:  # noqa: PLR2004 - a single link
        return links
    spellings: dict[str, str] = {}
    for url in links:
        spellings.setdefault(href_of(url), url)
    return list(spellings.values())


def _pieces_with_urls(text: str) -> tuple[list[str], list[str | None]]:
    """Cut a text before each URL that is not a part of the one before it. Return the pieces and the URL in each."""
    if _PLAIN.fullmatch(text) and not any(mark in text for mark in _LISTED):
        return [text], [text]
    plain = _INVISIBLE.sub("", text)
    if _ESCAPED_SLASHES.search(plain):
        plain = _without_escapes(plain)
    starts = [start for start in _starts(plain) if plain[:start].strip()] if "://" in plain else []
    pieces = [plain[start:end] for start, end in pairwise([0, *starts, len(plain)])]
    if "://" not in plain:
        pieces = _PERCENT_ENCODED.findall(plain)
    urls = [find_url(piece) for piece in pieces]
    if len(pieces) > 1:
        urls = [_in_list(url, after) for url, after in zip(urls, [*pieces[1:], ""], strict=True)]
    return pieces, urls


def _in_list(url: str | None, after: str) -> str | None:
    """Return one URL of several, of which the next one is in `after`, without what the list or the prose adds."""
    if url and after and after[0] in _LISTED and not after[1:2].isspace():  # a cell of a table
        url = url.partition(after[0])[0]
    return url and _without_trailing_punctuation(url)


def _starts(text: str) -> Iterator[int]:
    """Yield where the gap before each URL begins."""
    for found in _BEGINNING.finditer(text):
        begin = max(found.start() - _MAX_BETWEEN, 0)
        if (between := re.search(_BETWEEN, text[begin : found.start()])) is not None:
            yield begin + between.start()


def find_url(text: str) -> str | None:
    """Return the first http or https URL in a text, or None. A text that is a URL keeps its punctuation."""
    if _PLAIN.fullmatch(text) and ("&" not in text or not _ENTITY.search(text)):
        return text
    text = _without_escapes(_INVISIBLE.sub("", text).strip())
    found = _BEGINNING.search(text)
    alone = _SCHEME_ONLY.match(text)
    if alone is not None and (found is None or found.start() > alone.end()):
        return _without_entities(_cut(text, alone.end()))
    if found is None:
        return None
    scheme = "https" if (found[2] if found[2] is not None else found[1]) else "http"
    rest = _as_meant(found[0], text[found.end() :])
    before = text[: found.start()][-1:]
    end = _END.search(rest)
    url = rest[: end.start()] if end else rest
    if re.match(_CJK_LETTER, before):  # these languages write no spaces
        url = re.split(_CJK_LETTER, url, maxsplit=1)[0]
    if before == "=" and "[" in text[: found.start()]:  # [url=…] of a forum
        url = url.partition("]")[0]
    for mark in _EMPHASIS:
        if text[: found.start()].endswith(mark) and url.endswith(mark):
            url = url.removesuffix(mark)
            break
    if before in {",", ";", "|"} or (before == "<" and "|" in url):  # a cell of a table, or a link of a chat
        url = url.partition("|" if before == "<" else before)[0]
    if before or any(map(str.isspace, rest.rstrip())):
        url = _without_trailing_punctuation(url)
    return _without_entities(f"{scheme}://{url.rstrip(_JOINERS)}") if url else None


def without_wrapping(text: str) -> str:
    """Return the first word of a text that has no URL, without what is around it: a link may lack its scheme."""
    word = next(iter(_INVISIBLE.sub("", text).split()), "")
    word = _as_meant("", _AROUND.sub("", word, count=1))
    end = _END.search(word)
    word = _without_trailing_punctuation(word[: end.start()] if end else word)
    return _without_entities(word).rstrip(_JOINERS)


def _cut(text: str, start: int) -> str:
    end = _END.search(text, start)
    return text[: end.start()] if end else text


def _without_escapes(text: str) -> str:
    """Undo the escapes of JSON and of queries in a text that has no URL without that."""
    if _ESCAPED_SLASHES.search(text):
        text = text.replace("\\/", "/").replace("\\u0026", "&")
    if "://" not in text and (encoded := _PERCENT_ENCODED.search(text)) is not None:
        text = encoded[0]
        while "://" not in text:
            text = unquote(text)
    return text


def _as_meant(beginning: str, rest: str) -> str:
    """Undo what keeps a link from being opened, and full-width characters, if its beginning or host has any."""
    match = _AUTHORITY.match(rest)
    head = beginning + (match[0] if match else "")
    if any(ord(character) in _WIDE for character in head):
        rest = rest.translate(_WIDE)
    if _DEFANGED.search(head) or _DEFANGED_SCHEME.match(beginning) or not _BRACKETLESS.fullmatch(beginning):
        rest = _DEFANGED.sub(lambda part: "." if part[1].lower() == "dot" else part[1], rest)
        rest = _DEFANGED_SCHEME.sub(r"http\1", rest)
    return rest


def _without_trailing_punctuation(url: str) -> str:
    """Remove punctuation of the prose from the end, and brackets that the URL does not open."""
    counts = Counter(url)
    end = len(url)
    while end and (url[end - 1] in _TRAILING_PUNCTUATION or _is_unopened(url[end - 1], counts)):
        counts[url[end - 1]] -= 1
        end -= 1
    return url[:end]


def _is_unopened(character: str, counts: Counter[str]) -> bool:
    opening = _BRACKETS.get(character)
    return opening is not None and counts[character] > counts[opening]


def _without_entities(url: str) -> str:
    """Decode the entities of HTML if each `&` begins one: then the link was copied out of a page's source."""
    for _ in range(_MAX_ESCAPES):
        if not 0 < url.count("&") == len(_ENTITY.findall(url)):
            break
        url = _ENTITY.sub(lambda entity: html.unescape(entity[0]), url)
    return url
