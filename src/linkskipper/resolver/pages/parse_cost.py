"""Reject HTML that would keep a parser busy for minutes, before it is parsed.

The time of a parser that follows the HTML standard grows with the square or the cube of the depth of nesting: 90 KB can
take twelve seconds. Browsers limit the depth, and our parser does not. The tags of a large page are therefore counted
first. The count may overestimate the depth but not underestimate it: an end tag counts only if it closes the element
that was opened last.
"""

import re
from typing import NamedTuple

from linkskipper.resolver.errors import Stop
from linkskipper.resolver.reasons import Reason

MAX_TAGS = 10_000
MAX_DEPTH = 256
MAX_MISNESTED = 200
MAX_ATTRIBUTES = 256
MAX_MARKS = 40_000
_HARMLESS = 600  # so few tags are cheap, whatever their nesting
_SHORT = 16 * 1024  # characters, whose attributes take 50 ms at most

_SPACE = r"\t\n\f\r "
_ATTRIBUTE = (
    rf"(?:=[^{_SPACE}/>=]*+|[^{_SPACE}/>=]++)"
    rf"(?:[{_SPACE}]*+=[{_SPACE}]*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^{_SPACE}>\"'][^{_SPACE}>]*+)?+)?+"
)
# Everything that "<" can begin in the standard's tokenizer. Each alternative ends at the end of the text at the latest,
# so that no part is read twice.
TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<(?:[!?]|/(?![a-zA-Z]))[^>]*+>?"
    rf"|<(?P<end>/?)(?P<name>[a-zA-Z][^{_SPACE}/>]*+)(?P<attributes>(?:[{_SPACE}/]++|{_ATTRIBUTE})*+)(?:>|\Z)",
    re.DOTALL,
)
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_CLOSES_ITSELF = re.compile(rf"(?:[{_SPACE}/]++|[^{_SPACE}/>='\"]++(?:=(?:\"[^\"]*+\"|'[^']*+'))?+)*+(?<=/)")

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_NEVER_NESTED = frozenset({"html", "head", "body", "!doctype"})
_CELLS = frozenset({"td", "th", "p"})
_SECTIONS = frozenset({"tbody", "thead", "tfoot"})
_ENDS = {
    "p": frozenset({"p"}),
    "li": frozenset({"li", "p"}),
    **dict.fromkeys(("dd", "dt"), frozenset({"dd", "dt", "p"})),
    "option": frozenset({"option"}),
    **dict.fromkeys(("td", "th"), _CELLS),
    "tr": _CELLS | {"tr"},
    **dict.fromkeys(_SECTIONS, _CELLS | _SECTIONS | {"tr", "colgroup"}),
    "colgroup": frozenset({"colgroup"}),
}
"""Elements whose end tags may be omitted, and the open elements that each of them closes."""
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_MAX_IMPLIED = 16  # end tags that one end tag may imply without counting as misnested
_FORMATTING_COST = 25  # of a misnested end tag of a formatting element, in those of other elements
RAW = {
    name: re.compile(rf"</{name}(?=[{_SPACE}/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
FOREIGN = frozenset({"svg", "math"})
_DRAWN = frozenset(
    {"svg", "g", "path", "circle", "rect", "line", "polyline", "polygon", "ellipse", "use", "defs", "stop", "symbol"}
    | {"lineargradient", "radialgradient", "clippath", "mask", "image", "text", "tspan", "filter", "animate", "pattern"}
)
_TEXT_IN_DRAWINGS = frozenset({"title", "desc", "foreignobject"})


def check_parse_cost(text: str, host: str) -> None:
    """Check that a page can be parsed quickly.

    Raises:
        Stop: It has too many elements, or nests them too deeply.
    """
    if len(text) > _SHORT or text.count("<") > _HARMLESS:
        _TagCounter(host).run(text)


class _OpenElement(NamedTuple):
    """An element that may be open, and whether it is inside a drawing."""

    name: str
    is_drawn: bool


class _TagCounter:
    """Counts the tags of a page, and the elements that may be open at a time."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._open: list[_OpenElement] = []
        self._tags = self._marks = self._misnested = 0
        self._is_drawing = False

    def run(self, text: str) -> None:
        position = text.find("<")
        while position >= 0:
            self._marks += 1
            if self._marks > MAX_MARKS:
                raise self._stop(f"has more than {MAX_MARKS} tags and comments")
            token = TOKEN.match(text, position)
            position = position + 1 if token is None else token.end()
            if token is not None:
                position = self._count(text, token, position)
            position = text.find("<", position)

    def _count(self, text: str, token: "re.Match[str]", position: int) -> int:
        """Count a token. Return where to continue, which is after the text of elements that contain no markup."""
        if token["name"] is None:
            if token[0].startswith("<![CDATA[") and self._is_in_foreign():
                raise self._stop("mixes formats")
            return position
        name = token["name"].lower()
        if token["end"]:
            self._close(name)
            return position
        self._begin(name, token["attributes"])
        return self._after_raw(text, name, position) if name in RAW else position

    def _begin(self, name: str, attributes: str) -> None:
        self._tags += 1
        if self._tags > MAX_TAGS:
            raise self._stop(f"has more than {MAX_TAGS} elements")
        if len(attributes) > MAX_ATTRIBUTES and len(_ATTRIBUTES.findall(attributes)) > MAX_ATTRIBUTES:
            raise self._stop(f"gives an element more than {MAX_ATTRIBUTES} attributes")
        was_drawing = self._is_drawing
        self._is_drawing = name in FOREIGN or (was_drawing and name in _DRAWN)
        if name in _VOID or name in _NEVER_NESTED:
            return
        if self._is_drawing and attributes.endswith("/") and _CLOSES_ITSELF.fullmatch(attributes):
            self._is_drawing = was_drawing
            return
        while self._open and self._open[-1].name in _ENDS.get(name, ()):
            self._open.pop()
        self._open.append(_OpenElement(name, was_drawing))
        if len(self._open) > MAX_DEPTH:
            raise self._stop(f"nests more than {MAX_DEPTH} elements")

    def _close(self, name: str) -> None:
        index = len(self._open) - 1
        furthest = max(index - _MAX_IMPLIED, 0)
        while index > furthest and self._open[index].name != name and self._open[index].name in _ENDS:
            index -= 1
        is_closed = index >= 0 and self._open[index].name == name
        if is_closed and (name in _DRAWN or name in _TEXT_IN_DRAWINGS) and index == len(self._open) - 1:
            self._is_drawing = self._open[index].is_drawn
        else:
            self._is_drawing = False
        if is_closed:
            del self._open[index:]
            return
        self._misnested += _FORMATTING_COST if name in _FORMATTING else 1
        if self._misnested > MAX_MISNESTED * _FORMATTING_COST:
            raise self._stop("has too many misnested tags")

    def _after_raw(self, text: str, name: str, position: int) -> int:
        """Return the end of the text of a raw element.

        In some places such elements contain markup after all, so the tags in the text are counted.
        """
        if self._is_in_foreign() or any(element.name == "frameset" for element in self._open):
            return position
        end = RAW[name].search(text, position)
        inside = text[position : end.start() if end else len(text)]
        if name == "script" and "<!--" in inside and "<script" in inside.lower():
            raise self._stop("nests scripts in scripts")
        if name != "script":
            self._begin_all(inside)
        return end.start() if end else len(text)

    def _begin_all(self, text: str) -> None:
        for token in TOKEN.finditer(text):
            if token["name"] is not None and not token["end"]:
                self._begin(token["name"].lower(), token["attributes"])

    def _is_in_foreign(self) -> bool:
        return any(element.name in FOREIGN for element in self._open)

    def _stop(self, what: str) -> Stop:
        return Stop(Reason.BODY_TOO_LARGE, f"{self._host} sent a page that {what}.")
