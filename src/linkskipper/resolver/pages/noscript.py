"""Keep what the head of a page says to visitors without scripts inside its noscript elements.

The parser reads a page as if there were no scripts. By the HTML standard, a noscript element of the head then ends
before the first text or element that a head cannot have. The rest would count as a part of the page.
"""

import re
from collections.abc import Iterator

from linkskipper.resolver.pages.parse_cost import RAW, TOKEN

_ENDS = {**RAW, "noscript": re.compile(r"</noscript(?=[\t\n\f\r />])", re.IGNORECASE)}
_OF_A_HEAD = frozenset({"html", "head", "base", "link", "meta", "title", "noscript", "noframes", "style", "script"})


def contain_noscript(text: str) -> str:
    """Return a page whose head has nothing but meta elements in its noscript elements: the rest leads nowhere."""
    parts, position = [], 0
    for start, end in _in_head(text):
        inside = (token[0] for token in TOKEN.finditer(text, start, end) if (token["name"] or "").lower() == "meta")
        parts += [text[position:start], *inside]
        position = end
    return "".join((*parts, text[position:])) if parts else text


def _in_head(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the contents of the head's noscript elements begin and end."""
    position = 0
    while (mark := text.find("<", position)) >= 0 and not text[position:mark].strip():
        token = TOKEN.match(text, mark)
        if token is None:
            return
        position = token.end()
        name = (token["name"] or "").lower()
        if not name or (token["end"] and name != "head"):
            continue
        if token["end"] or name not in _OF_A_HEAD:
            return
        if name in _ENDS:
            start, end = position, _ENDS[name].search(text, position)
            position = end.start() if end else len(text)
            if name == "noscript":
                yield start, position
