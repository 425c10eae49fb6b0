"""Decide where a URL ends in a text: in prose, in brackets, in a link of some markup."""

import re
import unicodedata
from collections import Counter

# Not compiled here: Python 3.11 looks at each character of a range, and few links need this.
CJK_LETTER = "[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_EMPHASIS = ("__", "_", "~~", "||", "**", "*", "`")
_TRAILING_PUNCTUATION = ".,;:!?'*`|\u2019"
CUT_SHORT = ("\u2026", "...", "[\u2026]", "[...]")
"""The marks that pages and chats put at the end of a URL that is too long for them."""

_OPENING = {")": "(", "]": "[", "}": "{"}
_CLOSING = {opening: closing for closing, opening in _OPENING.items()}
_FORUM = re.compile(r"\[\w+=\Z")  # [url=...]
_NAME_OF_QUERY = re.compile(r"[?&][^=&]*\Z")
_QUOTE = re.compile(r"'(?!\w)")


def within_markup(url: str, before: str) -> str:
    """Cut a URL where the brackets, the quotation, the cell or the link of a markup end that it stands in."""
    mark = "[" if _FORUM.search(before) else before[-1:]
    if mark == "'":
        url = _QUOTE.split(url, maxsplit=1)[0]
    elif mark in {"`", "|"}:
        url = url.partition(mark)[0]
    elif before.endswith(("<", "[[", "{{")):  # the text of a link follows
        url = url.partition("|")[0]
    elif mark and not mark.isascii():
        url = _before_foreign_text(url, mark)
    if mark in _CLOSING:
        url = url[: _end_of_brackets(url, mark)]
    return url if not before or url.endswith(CUT_SHORT) else _without_label(url)


def _before_foreign_text(url: str, mark: str) -> str:
    """Cut a URL before the symbols that close what a symbol opened, or a short link before words without spaces.

    Other URLs have such characters of their own.
    """
    if is_symbol(mark):
        end = len(url)
        while end and is_symbol(url[end - 1]):
            end -= 1
        return url[:end]
    if re.match(f"{CJK_LETTER}|[\u3001\u3002\uff0c\uff1a\uff1b]", mark):
        short_link = re.match(f"([^/?#]+/[^/?#]*[A-Za-z0-9]){CJK_LETTER}+\\Z", url)
        return short_link[1] if short_link else url
    return url


def is_symbol(character: str) -> bool:
    """Return whether a character is an arrow, an emoji, or the mark that makes one colourful."""
    return character == "\ufe0f" or (not character.isascii() and unicodedata.category(character) in {"So", "Sm"})


def _without_label(url: str) -> str:
    """Remove the text in brackets that AsciiDoc puts after a URL. A number is an index, and so is what ends a name."""
    target, _, label = url.removesuffix("]").rpartition("[")
    is_label = url.endswith("]") and "/" in target and "]" not in label and any(map(str.isalpha, label))
    return target if is_label and not _NAME_OF_QUERY.search(target) else url


def _end_of_brackets(url: str, opening: str) -> int:
    """Return where the bracket closes that was opened before a URL. The URL may have pairs of its own."""
    depth, closing = 0, _CLOSING[opening]
    for place, character in enumerate(url):
        depth += (character == opening) - (character == closing)
        if depth < 0:
            return place
    return len(url)


def without_unclosed_brackets(url: str) -> str:
    """Cut a URL before a bracket that closes only in the text after it."""
    end, closed = len(url), Counter[str]()
    for place in range(len(url) - 1, -1, -1):
        character = url[place]
        if character in _OPENING:
            closed[character] += 1
        elif character in _CLOSING:
            if not closed[_CLOSING[character]]:
                end = place
            else:
                closed[_CLOSING[character]] -= 1
    return url[:end]


def without_emphasis(url: str, before: str) -> str:
    """Remove the mark of bold, italic or hidden text from the end of a URL if it stands before it too."""
    mark = next((mark for mark in _EMPHASIS if before.endswith(mark) and url.endswith(mark)), "")
    return url.removesuffix(mark)


def without_trailing_punctuation(url: str) -> str:
    """Remove punctuation of the prose from the end, and brackets that the URL does not open.

    The marks of a URL that was cut short stay, so that it is refused.
    """
    counts = Counter(url)
    end = len(url)
    while end and (url[end - 1] in _TRAILING_PUNCTUATION or _is_unopened(url[end - 1], counts)):
        if url.endswith(CUT_SHORT, 0, end):
            break
        counts[url[end - 1]] -= 1
        end -= 1
    return url[:end]


def _is_unopened(character: str, counts: Counter[str]) -> bool:
    opening = _OPENING.get(character)
    return opening is not None and counts[character] > counts[opening]
