"""An answer, read as a browser would read a page, and only as far as somebody asks."""

import asyncio
from collections.abc import Sequence
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser

from linkskipper.egress import Response, Url
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.parse_cost import check_parse_cost
from linkskipper.resolver.urls.target import read_target

_LARGE = 256 * 1024
_MANY_TAGS = 2000
_HTML = frozenset({"", "text/html", "application/xhtml+xml"})
# MIME standard, "JavaScript MIME type".
_SCRIPT_TYPES = frozenset(
    {"", "module", "text/jscript", "text/livescript", *(f"text/javascript1.{minor}" for minor in range(6))}
    | {
        f"{top}/{x}{name}"
        for top in ("application", "text")
        for x in ("", "x-")
        for name in ("ecmascript", "javascript")
    }
)


class Page:
    """What one URL answered; `frames` are the pages within it, as far as a browser shows them."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.url = response.url
        self.status = response.status
        self.frames: Sequence[Page] = ()

    @property
    def tree(self) -> LexborHTMLParser | None:
        """The parsed HTML; None where the answer has none. Raises Stop where it would take too long to parse."""
        if isinstance(self._parsed, Stop):
            raise Stop(self._parsed.reason, self._parsed.detail)
        return self._parsed

    @cached_property
    def _parsed(self) -> LexborHTMLParser | Stop | None:
        if not self.response.body or self.response.media_type not in _HTML:
            return None
        text = self.response.text()
        try:
            check_parse_cost(text, self.url.host)
        except Stop as stop:
            return stop
        return LexborHTMLParser(text)

    async def settle(self) -> None:
        """Parse a large page in a thread, where that keeps nobody else waiting."""
        body = self.response.body
        if len(body) > _LARGE or body.count(b"<") > _MANY_TAGS:
            await asyncio.to_thread(lambda: self._parsed)

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
        without_scripts = {element.mem_id for element in self.tree.css("noscript script")}
        scripts = [
            element.text()
            for element in self.tree.css("script:not([src])")
            if element.mem_id not in without_scripts
            and (element.attributes.get("type") or "").strip().lower() in _SCRIPT_TYPES
        ]
        scripts.extend(element.attributes["onload"] or "" for element in self.tree.css("body[onload]"))
        return scripts
