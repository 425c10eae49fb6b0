"""A response, read as a browser reads a page, and only as far as needed."""

from collections.abc import Sequence
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser, LexborNode

from linkskipper.egress import Charset, Response, Url, UrlTooLong
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.media_types import is_html
from linkskipper.resolver.pages.noscript import contain_noscript
from linkskipper.resolver.pages.parse_cost import check_parse_cost
from linkskipper.resolver.urls.target import Target, read_target

SMALL_BYTES = 16 * 1024
SMALL_TAGS = 400
_NEVER_BASES = frozenset({"data", "javascript"})
# MIME standard, "JavaScript MIME type".
SCRIPT_TYPES = frozenset(
    {"", "module", "text/jscript", "text/livescript", *(f"text/javascript1.{minor}" for minor in range(6))}
    | {
        f"{top}/{x}{name}"
        for top in ("application", "text")
        for x in ("", "x-")
        for name in ("ecmascript", "javascript")
    }
)


class Page:
    """The page that one URL answered. `frames` are the documents inside it, as far as a browser shows them."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.url = response.url
        self.status = response.status
        self.frames: Sequence[Page] = ()

    @cached_property
    def is_small(self) -> bool:
        """Whether everything about the page can be found out in a few milliseconds, whatever it contains."""
        body = self.response.body
        return len(body) <= SMALL_BYTES and body.count(b"<") <= SMALL_TAGS

    @property
    def is_html(self) -> bool:
        """Whether the response is a page."""
        return bool(self.response.body) and is_html(self.response)

    @property
    def tree(self) -> LexborHTMLParser | None:
        """The parsed HTML, or None if the response is not HTML.

        Raises:
            Stop: The page would take too long to parse.
        """
        if isinstance(self._parsed, Stop):
            raise Stop(self._parsed.reason, self._parsed.detail)
        return self._parsed

    @cached_property
    def _parsed(self) -> LexborHTMLParser | Stop | None:
        if not self.is_html:
            return None
        try:
            check_parse_cost(self.text, self.url.host)
        except Stop as stop:
            return stop
        return LexborHTMLParser(self.markup)

    @cached_property
    def markup(self) -> str:
        """The text of an HTML page, as the parser may read it."""
        return contain_noscript(self.text) if "<noscript" in self.text.lower() else self.text

    @cached_property
    def text(self) -> str:
        """The body as text, without a byte order mark."""
        return self._encoding.decode(self.response.body).removeprefix("\ufeff")

    @cached_property
    def charset(self) -> Charset:
        """The charset that the queries of URLs in the page are encoded in."""
        return self._encoding.for_output()

    @cached_property
    def _encoding(self) -> Charset:
        return self.response.encoding()

    @cached_property
    def base_element(self) -> LexborNode | None:
        """The element that sets the base URL: the first base with an href. Its URL counts for what stands after it."""
        if self.tree is None:
            return None
        inert = {element.mem_id for element in self.tree.css("svg base, math base")}
        return next((element for element in self.tree.css("base[href]") if element.mem_id not in inert), None)

    @property
    def base(self) -> Url:
        """The URL that relative URLs in the page are resolved against."""
        target = self._base_target
        return target.url if target and target.url else self.url

    @property
    def has_foreign_base(self) -> bool:
        """Whether relative URLs are resolved against a URL of another scheme (HTML, "set the frozen base URL")."""
        target = self._base_target
        return target is not None and target.url is None and target.scheme not in _NEVER_BASES

    @property
    def has_broken_base(self) -> bool:
        """Whether the base is not a URL. Chromium resolves no URL of a script then, but those of refreshes."""
        return self.base_element is not None and self._base_target is None

    @cached_property
    def _base_target(self) -> Target | None:
        element = self.base_element
        try:
            return read_target(element.attributes["href"] or "", self.url, self.charset) if element else None
        except UrlTooLong:
            return None

    @cached_property
    def scripts(self) -> list[str]:
        """The inline scripts that run when the page loads: script elements, and the body's onload attribute."""
        if self.tree is None:
            return []
        scripts = [
            element.text()
            for element in self.tree.css("script:not([src])")
            if (element.attributes.get("type") or "").strip().lower() in SCRIPT_TYPES
        ]
        scripts.extend(element.attributes["onload"] or "" for element in self.tree.css("body[onload]"))
        return scripts
