"""An answer, read as a browser would read a page, and only as far as somebody asks."""

from collections.abc import Sequence
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser

from linkskipper.egress import Response, Url
from linkskipper.resolver.spelling import read_target

_HTML = frozenset({"", "text/html", "application/xhtml+xml"})
_SCRIPT_TYPES = ("", "module", "text/javascript", "application/javascript", "text/ecmascript", "text/jscript")


class Page:
    """What one URL answered; `frames` are the pages within it, as far as a browser shows them."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.url = response.url
        self.status = response.status
        self.frames: Sequence[Page] = ()

    @cached_property
    def tree(self) -> LexborHTMLParser | None:
        """The parsed HTML; None where the answer has none."""
        if not self.response.body or self.response.media_type not in _HTML:
            return None
        return LexborHTMLParser(self.response.text())

    @cached_property
    def base(self) -> Url:
        """What relative URLs in the page are relative to."""
        element = self.tree.css_first("base[href]") if self.tree else None
        target = read_target(element.attributes["href"] or "", self.url) if element else None
        return target.url if target and target.url else self.url

    @cached_property
    def scripts(self) -> list[str]:
        """The inline scripts that run by themselves: script elements, and what the body does when it is loaded."""
        if self.tree is None:
            return []
        scripts = [
            element.text()
            for element in self.tree.css("script:not([src])")
            if (element.attributes.get("type") or "").strip().lower() in _SCRIPT_TYPES
        ]
        scripts.extend(element.attributes["onload"] or "" for element in self.tree.css("body[onload]"))
        return scripts
