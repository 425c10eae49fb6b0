"""HTML that would keep a parser busy for minutes, told from the rest before it is parsed.

Parsers that follow the HTML standard take time that grows with the square or the cube of how deep elements are nested:
ninety kilobytes can cost twelve seconds. Browsers cut the depth off; ours does not. So the tags of a large page are
counted first, by rules that may take a page for deeper than it is, but not for shallower: an end tag counts only where
it closes the element that was opened last.
"""

import re
from typing import NamedTuple

from linkskipper.resolver.errors import Stop
from linkskipper.resolver.result import Reason

MAX_TAGS = 10_000
MAX_DEPTH = 256
MAX_MISNESTED = 200
MAX_ATTRIBUTES = 256
MAX_MARKS = 40_000
_HARMLESS = 600  # tags that cost no time worth mentioning, however they are nested
_SHORT = 16 * 1024  # characters: room for no more attributes than cost 50 ms, all in one tag

_SPACE = r"\t\n\f\r "
_ATTRIBUTE = (
    rf"(?:=[^{_SPACE}/>=]*+|[^{_SPACE}/>=]++)"
    rf"(?:[{_SPACE}]*+=[{_SPACE}]*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^{_SPACE}>\"'][^{_SPACE}>]*+)?+)?+"
)
# All that the standard's tokenizer takes a "<" for. Each alternative ends at the text's end at the latest, so that no
# part of it is read twice.
_TOKEN = re.compile(
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
"""Elements whose end tags may be left out, and which of them each ends by its start."""
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_IMPLIED_AT_ONCE = 16  # more of them at a time are taken for misnested
_COST_IF_MISNESTED = 25  # for the parser, of an end tag of these against any other
_RAW = {
    name: re.compile(rf"</{name}(?=[{_SPACE}/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
_FOREIGN = frozenset({"svg", "math"})
_DRAWN = frozenset(
    {"svg", "g", "path", "circle", "rect", "line", "polyline", "polygon", "ellipse", "use", "defs", "stop", "symbol"}
    | {"lineargradient", "radialgradient", "clippath", "mask", "image", "text", "tspan", "filter", "animate", "pattern"}
)
_TEXT_IN_DRAWINGS = frozenset({"title", "desc", "foreignobject"})


def check_parse_cost(text: str, host: str) -> None:
    """Raise Stop where a page has too many elements, or nests them too deeply, to be parsed in good time."""
    if len(text) > _SHORT or text.count("<") > _HARMLESS:
        _Count(host).run(text)


class _Open(NamedTuple):
    """An element that may be open, and whether a drawing went on around it."""

    name: str
    is_drawn: bool


class _Count:
    """The elements that may be open at one time."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._open: list[_Open] = []
        self._tags = self._marks = self._misnested = 0
        self._is_drawing = False

    def run(self, text: str) -> None:
        position = text.find("<")
        while position >= 0:
            self._marks += 1
            if self._marks > MAX_MARKS:
                raise self._too_much(f"has more than {MAX_MARKS} tags and comments")
            found = _TOKEN.match(text, position)
            position = position + 1 if found is None else found.end()
            if found is not None:
                position = self._take(text, found, position)
            position = text.find("<", position)

    def _take(self, text: str, found: "re.Match[str]", position: int) -> int:
        """Count what was found; gives where to go on, which is after the text of elements that hold no markup."""
        if found["name"] is None:
            if found[0].startswith("<![CDATA[") and self._is_in_foreign():
                raise self._too_much("mixes formats")
            return position
        name = found["name"].lower()
        if found["end"]:
            self._close(name)
            return position
        self._begin(name, found["attributes"])
        return self._after_raw(text, name, position) if name in _RAW else position

    def _begin(self, name: str, attributes: str) -> None:
        self._tags += 1
        if self._tags > MAX_TAGS:
            raise self._too_much(f"has more than {MAX_TAGS} elements")
        if len(attributes) > MAX_ATTRIBUTES and len(_ATTRIBUTES.findall(attributes)) > MAX_ATTRIBUTES:
            raise self._too_much(f"gives an element more than {MAX_ATTRIBUTES} attributes")
        was_drawing = self._is_drawing
        self._is_drawing = name in _FOREIGN or (was_drawing and name in _DRAWN)
        if name in _VOID or name in _NEVER_NESTED:
            return
        if self._is_drawing and attributes.endswith("/") and _CLOSES_ITSELF.fullmatch(attributes):
            self._is_drawing = was_drawing
            return
        while self._open and self._open[-1].name in _ENDS.get(name, ()):
            self._open.pop()
        self._open.append(_Open(name, was_drawing))
        if len(self._open) > MAX_DEPTH:
            raise self._too_much(f"nests more than {MAX_DEPTH} elements")

    def _close(self, name: str) -> None:
        index = len(self._open) - 1
        furthest = max(index - _IMPLIED_AT_ONCE, 0)
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
        self._misnested += _COST_IF_MISNESTED if name in _FORMATTING else 1
        if self._misnested > MAX_MISNESTED * _COST_IF_MISNESTED:
            raise self._too_much("is nested wrongly")

    def _after_raw(self, text: str, name: str, position: int) -> int:
        """In some places such elements hold markup after all: what would begin an element there is counted."""
        if self._is_in_foreign() or any(each.name == "frameset" for each in self._open):
            return position
        end = _RAW[name].search(text, position)
        inside = text[position : end.start() if end else len(text)]
        if name == "script" and "<!--" in inside and "<script" in inside.lower():
            raise self._too_much("hides scripts in scripts")
        if name != "script":
            self._begin_all(inside)
        return end.start() if end else len(text)

    def _begin_all(self, text: str) -> None:
        for found in _TOKEN.finditer(text):
            if found["name"] is not None and not found["end"]:
                self._begin(found["name"].lower(), found["attributes"])

    def _is_in_foreign(self) -> bool:
        return any(each.name in _FOREIGN for each in self._open)

    def _too_much(self, what: str) -> Stop:
        return Stop(Reason.BODY_TOO_LARGE, f"{self._host} sent a page that {what}.")
