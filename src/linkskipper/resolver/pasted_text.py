"""Find a URL in a text as its author meant it: in prose, in markup, or written so that nobody opens it by accident."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from linkskipper.egress import BadUrl, parse_url
from linkskipper.resolver.errors import Unsupported
from linkskipper.resolver.link_ends import (
    within_markup,
    without_emphasis,
    without_trailing_punctuation,
    without_unclosed_brackets,
)
from linkskipper.resolver.text_escapes import (
    has_entity,
    percent_encoded_urls,
    refang,
    unescape_entities,
    unescape_markup,
    unescape_text,
    visible,
)

_JOINERS = "\u200c\u200d"  # they change letters of some scripts, but end no word
# Most links: nothing in them needs care.
_PLAIN = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?#][!#-;=?-Z^-z~]*)?", re.IGNORECASE)

_UNPLAIN = (",", ";", "=3D")  # what separates links, and what a mail writes for =

_COLON = "[\\[({]?[:\uff1a](?:[\\])}]|(?=[/\uff0f]))"
_SLASHES = "[/\uff0f]+[\\])}]?"
_SCHEME = "(?:[h\uff48](?:[t\uff54]{2}|xx|\\*\\*)|(?<![a-z0-9])tt)[p\uff50]([s\uff53]?)"
# "https://", and several in a row. The colon may be missing in all but the first.
_BEGINNING = re.compile(f"{_SCHEME}{_COLON}{_SLASHES}(?:{_SCHEME}(?:{_COLON})?{_SLASHES})*", re.IGNORECASE)
_SCHEME_ONLY = re.compile("https?:(?=[a-z0-9])", re.IGNORECASE)

_CJK_PUNCTUATION = (
    "\u3001-\u3003\u3008-\u3011\u3014-\u301b\uff01\uff08\uff09\uff0c\uff1b\uff1c\uff1e\uff1f\uff3b\uff3d\uff5b\uff5d"
    "\uff0e\uff5e-\uff65\ufe10-\ufe19\ufe30-\ufe44\ufe50-\ufe61"
)
_PUNCTUATION = "\u2018\u201a\u201c-\u201e\u00ab\u00bb\u2039\u203a\u060c\u061b\u061f\u06d4\u0964\u0965\u055d\u055e\u0589"
_END = re.compile(
    f'[\\s<>"{_PUNCTUATION}{_CJK_PUNCTUATION}]|\uff1a(?![/\uff0f])|&(?:gt|lt|quot|nbsp|#160|#xa0);|\\]\\(|\\[/'
    "|\\\\[\"']|\\\\[nrt](?:\\Z|[\\s\"'<\\\\]|https?:)"
)
_AROUND = re.compile(f"[\"'<>()\\[\\]{{}}*_~|`\u2018\u2019\u201c\u201d\u00ab\u00bb{_CJK_PUNCTUATION}]*")

_SEPARATORS = frozenset(",;")
_LISTED = ",;|"
# The gap between two links of a text. After any other character, a URL is a part of the one before it.
_BETWEEN = f"(?:{_END.pattern}|[{_LISTED}\\])}}]|[^\x00-\x7f]+)[\\s'\"`(\\[{{<*_~:=]*\\Z"
_MAX_BETWEEN = 8  # characters, so that the time stays linear
_GLUED = re.compile(r"(?<!%[0-9A-F]{2})(?<=[A-Z0-9])\Z", re.IGNORECASE)  # a URL begins within a word


class _Found(NamedTuple):
    """A URL in a text, the character before it, whether the text ends with it, and whether it ends with its cell."""

    text: str
    before: str
    is_last: bool
    is_cell: bool


def split_links(text: str) -> list[str]:
    """Return the URLs in a text, each once, without those in another URL. A text with at most one is returned whole.

    So is a text whose links cannot be told apart. Text before the first URL stays with it if it may be a link
    without its scheme.
    """
    try:
        pieces, urls = _pieces_with_urls(text)
    except Unsupported:
        return [text]
    links = _distinct(urls)
    if len(links) < 2:  # noqa: PLR2004 - a single link
        return [text]
    if urls[0] is None and "/" in pieces[0]:
        links[0] = "".join(pieces[:2])
    return links


def find_urls(text: str) -> list[str]:
    """Return the http and https URLs in a text, each once, without those in another URL.

    Raises:
        Unsupported: Nobody can tell where one of them ends.
    """
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
    if _PLAIN.fullmatch(text) and text.count("://") == 1 and not any(mark in text for mark in _UNPLAIN):
        return [text], [text]
    plain = visible(text)
    if "://" not in plain and len(pieces := percent_encoded_urls(plain)) > 1:
        return pieces, [find_url(piece) for piece in pieces]
    plain = unescape_text(plain)
    starts = [start for start in _starts(plain) if plain[:start].strip()]
    pieces = [plain[start:end] for start, end in pairwise([0, *starts, len(plain)])]
    return pieces, [find_url(plain)] if len(pieces) == 1 else _listed_urls(pieces)


def _listed_urls(pieces: list[str]) -> list[str | None]:
    """Return the URL in each piece of a list.

    A comma or semicolon between two links may be in a link too. If the first link stands in a cell, the text is a row
    of a table, where such a mark ends a link. In any other text, nobody knows.

    Raises:
        Unsupported: A link has the mark that separates it from the next one.
    """
    found = [_find(piece, in_cell=False) for piece in pieces]
    first = next((url for url in found if url is not None), None)
    if first is not None and first.before in _SEPARATORS:
        found = [_find(piece, in_cell=True) for piece in pieces]
    urls: list[str | None] = []
    for url, piece, after in zip(found, pieces, [*pieces[1:], ""], strict=True):
        mark = after[:1] if url and url.is_last and not after[1:2].isspace() else ""
        if url is None:
            urls.append(find_url(piece))  # it may be percent-encoded
        elif mark == "|":
            urls.append(url.text.partition(mark)[0])
        elif any(separator in url.text for separator in {mark, url.before} & _SEPARATORS) and not url.is_cell:
            raise Unsupported("A comma or semicolon is in a link and between links. Separate links by white space.")
        else:
            urls.append(without_trailing_punctuation(url.text))
    return urls


def _starts(text: str) -> Iterator[int]:
    """Yield where the gap before each URL begins."""
    for found in _BEGINNING.finditer(text):
        begin = max(found.start() - _MAX_BETWEEN, 0)
        before = text[begin : found.start()]
        if (between := re.search(_BETWEEN, before) or _GLUED.search(before)) is not None:
            yield begin + between.start()


def find_url(text: str) -> str | None:
    """Return the first http or https URL in a text, or None. A text that is a URL keeps its punctuation.

    Raises:
        Unsupported: Nobody can tell where it ends.
    """
    if _PLAIN.fullmatch(text) and "=3D" not in text and ("&" not in text or not has_entity(text)):
        return text
    found = _find(unescape_text(visible(text)), in_cell=True)
    return None if found is None else found.text


def _find(text: str, *, in_cell: bool) -> _Found | None:
    found = _BEGINNING.search(text)
    alone = _SCHEME_ONLY.match(text)
    if alone is not None and (found is None or found.start() > alone.end()):
        return _Found(unescape_entities(_cut(text, alone.end())), "", is_last=False, is_cell=False)
    if found is None:
        return None
    scheme = "https" if (found[2] if found[2] is not None else found[1]) else "http"
    before, rest = text[: found.start()], refang(found[0], text[found.end() :])
    end = _END.search(rest)
    whole = rest[: end.start()] if end else rest
    _check_line(whole, rest)
    url = within_markup(whole, before)
    if in_cell and before[-1:] in _SEPARATORS:
        url = url.partition(before[-1:])[0]
    if end is not None and len(url) == len(whole):
        url = without_unclosed_brackets(url)
    is_last = end is None and len(url) == len(whole)
    url = unescape_markup(url)
    if before or any(map(str.isspace, rest.rstrip())):
        url = without_emphasis(without_trailing_punctuation(url), before)
    url = url.rstrip(_JOINERS + "\u2019")
    if not url:
        return None
    return _Found(unescape_entities(f"{scheme}://{url}"), before[-1:], is_last, is_cell=in_cell)


def _check_line(url: str, rest: str) -> None:
    """Check that a URL does not end with the = by which mails break a line.

    Raises:
        Unsupported: It may.
    """
    after = rest[len(url) :].removeprefix("\r")
    if url.endswith("=") and after[:1] == "\n" and after[1:2].strip() and not _BEGINNING.match(after, 1):
        raise Unsupported("The link may go on after = in the next line. Send the whole link in one line.")


def without_wrapping(text: str, before: str = "") -> str:
    """Return the first word of a text that has no URL, without what is around it: a link may lack its scheme.

    `before` is what stands before the text.
    """
    word = next(iter(visible(text).split()), "")
    around = _AROUND.match(word)
    before += around[0] if around else ""
    word = refang("", word[len(around[0]) if around else 0 :].removeprefix("//"))
    end = _END.search(word)
    word = unescape_markup(within_markup(word[: end.start()] if end else word, before))
    return unescape_entities(without_emphasis(without_trailing_punctuation(word), before)).rstrip(_JOINERS)


def _cut(text: str, start: int) -> str:
    end = _END.search(text, start)
    return text[: end.start()] if end else text
