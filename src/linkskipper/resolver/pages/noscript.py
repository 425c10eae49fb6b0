"""Keep what a page says to visitors without scripts inside its noscript elements.

A browser that runs scripts reads the content of such an element as mere text, up to its end tag. Our parser runs none.
By the HTML standard, it ends a noscript element of the head before the first image, and one that holds an open
paragraph at the end of the page. So scripts of the page would not count, or refreshes that browsers ignore would.
"""

import re
from collections.abc import Iterator

from linkskipper.resolver.pages.parse_cost import FOREIGN, RAW, TOKEN

_ENDS = {**RAW, "noscript": re.compile(r"</noscript(?=[\t\n\f\r />])", re.IGNORECASE)}
# HTML standard, "parsing main inforeign": these end a drawing or a formula.
_NEVER_DRAWN = frozenset(
    {"b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed", "h1", "h2", "h3"}
    | {
        "h4",
        "h5",
        "h6",
        "head",
        "hr",
        "i",
        "img",
        "li",
        "listing",
        "menu",
        "meta",
        "nobr",
        "ol",
        "p",
        "pre",
        "ruby",
        "s",
    }
    | {"small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var"}
)


def contain_noscript(text: str) -> str:
    """Return a page whose noscript elements have nothing but meta elements. The rest leads nowhere."""
    parts, position = [], 0
    for start, end in _contents(text):
        inside = (token[0] for token in TOKEN.finditer(text, start, end) if (token["name"] or "").lower() == "meta")
        parts += [text[position:start], *inside]
        position = end
    return "".join((*parts, text[position:])) if parts else text


def _contents(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the contents of noscript elements begin and end. A drawing has elements of that name, but no such."""
    position, is_drawing = text.find("<"), False
    while position >= 0:
        token = TOKEN.match(text, position)
        position = position + 1 if token is None else token.end()
        name = (token["name"] or "").lower() if token else ""
        if token and name in FOREIGN:
            is_drawing = not token["end"] and not token["attributes"].endswith("/")
        elif token and name in _NEVER_DRAWN and not token["end"]:
            is_drawing = False
        elif token and name in _ENDS and not token["end"] and not is_drawing:
            start, end = position, _ENDS[name].search(text, position)
            position = end.start() if end else len(text)
            if name == "noscript":
                yield start, position
        elif name == "plaintext":
            return
        position = text.find("<", position)
