"""Tell where a page leads by itself: by its scripts, and by refreshes.

The order is Chromium's. A script that runs while the page loads wins over every refresh, whatever its delay. The first
script that opens a page wins over later scripts. The refresh with the shortest delay wins over other refreshes, and the
last one of those with the same delay. A timer counts like a refresh. A base element counts for what stands after it.
"""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborNode

from linkskipper.egress import UTF8, Charset, UrlTooLong
from linkskipper.resolver.pages.media_types import is_download, is_xml
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.redirects import NextUrl, read_refresh
from linkskipper.resolver.pages.script_elements import (
    forbids_moves,
    is_deferred,
    policies,
    restricts_base,
    restricts_scripts,
    runs,
    unclosed_script,
)
from linkskipper.resolver.pages.script_moves import ScriptMove, may_move, may_stop, read_script
from linkskipper.resolver.pages.xml_pages import may_be_active, may_refresh, reads_as_html
from linkskipper.resolver.result import Mechanism
from linkskipper.resolver.urls.home import is_sent_home
from linkskipper.resolver.urls.target import read_target

_NO_CONTENT = frozenset({204, 205, 304})
_PROXY_AUTHENTICATION = 407  # browsers show an error page of their own
_ERRORS = 400
_MAX_WAIT_FOR_HOME = 60  # seconds: a page that stays for longer is meant to be used before it returns home
_CLOSE = 1  # seconds: Chromium starts the clock of a refresh when the page is loaded, and that of a timer before
_EVENTS = (
    *("onerror", "onpageshow", "onfocus", "ontoggle", "onbegin", "onmessage", "onscroll"),
    *("onanimationstart", "onanimationend", "ontransitionend"),
)
"""Attributes with scripts that may run before the visitor does anything, besides onload."""
_WHOLE = re.compile(r"[a-z][a-z0-9+.-]*:[/\\]{2}", re.IGNORECASE)
"""A URL that needs no base."""
_FRAMES = frozenset({"iframe", "frame", "object", "embed"})
_ELEMENTS = (
    *("base[href]", "script", "iframe", "frame", "object[data]", "embed[src]", "meta[http-equiv][content]"),
    *("[onload]", "template[shadowrootmode]"),
)
_RELEVANT = ", ".join((*_ELEMENTS, *(f"[{name}]" for name in _EVENTS)))
_IN_MATH = "math script"  # no script runs there, except in an element that holds HTML
_IN_NOSCRIPT = "noscript meta"  # nothing else is left there (see `contain_noscript`)
MAX_CANDIDATES = 100
"""Refreshes and timers that are tried, and URLs for visitors without scripts."""


Unread = Literal["", "files", "scripts"]
MayLoad = Callable[[str], bool]


class PageMoves(NamedTuple):
    """Where a page leads by itself.

    Attributes:
        candidates: The URLs, the likeliest first. There are none if `unread` is set.
        unread: What could lead elsewhere once it runs: scripts in the page, or only files (scripts and frames of the
            provider's hosts).
        refreshes: Where refreshes and timers lead, if no script leads elsewhere.
    """

    candidates: tuple[NextUrl, ...]
    unread: Unread = ""
    refreshes: tuple[NextUrl, ...] = ()


def page_moves(page: Page, may_load: MayLoad) -> PageMoves:
    """Return where a page leads by itself. `may_load` says which hosts the page may load scripts and frames from."""
    stays = page.status in _NO_CONTENT or page.status == _PROXY_AUTHENTICATION or is_download(page.response)
    if stays or forbids_moves(page):
        return PageMoves(())
    scan = _Scan(page, may_load)
    is_uncertain = scan.has_foreign_base or scan.has_unclear_url or scan.stops
    refreshes = () if is_uncertain else tuple(_elsewhere(page, scan.delayed()))
    if is_xml(page.response):
        return _xml_moves(page, refreshes)
    if scan.script is not None and scan.unread != "scripts" and not scan.is_overtaken:
        return PageMoves(tuple(_elsewhere(page, iter((scan.script,)))), refreshes=refreshes)
    if is_uncertain or scan.is_overtaken or (refreshes and scan.is_close):
        return PageMoves((), "scripts", refreshes)
    if scan.unread == "scripts" or (scan.unread == "files" and page.status < _ERRORS):
        return PageMoves((), scan.unread, refreshes)
    return PageMoves(
        (*refreshes, *scan.apps[:MAX_CANDIDATES], *scan.last_resorts[:MAX_CANDIDATES]), refreshes=refreshes
    )


def _xml_moves(page: Page, refreshes: tuple[NextUrl, ...]) -> PageMoves:
    """Return where an XML page leads. `refreshes` are those that the parser of HTML finds."""
    is_active = may_be_active(page)
    if not is_active and not may_refresh(page):
        return PageMoves(())
    refreshes = refreshes if reads_as_html(page) else ()
    return PageMoves((), "scripts", refreshes) if is_active or not refreshes else PageMoves(refreshes)


class _Scan:
    """What the elements of a page do when it loads, in their order."""

    def __init__(self, page: Page, may_load: MayLoad) -> None:
        self.script: NextUrl | None = None
        self.unread: Unread = ""
        self.has_foreign_base = False
        self.has_unclear_url = False  # a timer has it, and a later base may apply to it
        self.apps: list[NextUrl] = []  # a script opened another program there, and the page remains
        self.app_is_soon = False  # a timer opens one
        self.last_resorts: list[NextUrl] = []
        self._page = page
        self._may_load = may_load
        self._here = page.url
        self._delayed: list[tuple[float, int, NextUrl]] = []
        self._is_restricted = any(map(restricts_scripts, policies(page)))
        self._may_set_base = not any(map(restricts_base, policies(page)))
        self._unclosed = unclosed_script(page)
        self._late: list[LexborNode] = []
        if (header := page.response.refresh()) is not None:
            self._add_refresh(header, NextUrl("", Mechanism.REFRESH_HEADER, self._here, _header_charset(page)))
        self._in_noscript: set[int] = set()
        if page.tree is not None and page.tree.css_first("noscript") is not None:
            self._in_noscript = {element.mem_id for element in page.tree.css(_IN_NOSCRIPT)}
        for element in page.tree.css(_RELEVANT) if page.tree else ():
            self._read(element)
        for element in self._late:
            self._read_late(element)

    def delayed(self) -> Iterator[NextUrl]:
        """Yield where refreshes and timers lead, the one that happens first.

        The first refresh counts alone: in Chromium it replaces the others, even if it leads nowhere.
        """
        entries = sorted(self._delayed, key=lambda entry: entry[:2])[:MAX_CANDIDATES]
        urls = [url for seconds, _, url in entries if seconds <= _MAX_WAIT_FOR_HOME or not self._leads_home(url)]
        refresh = next((url for url in urls if url.mechanism is not Mechanism.SCRIPT_LOCATION), None)
        leads_nowhere = refresh is not None and _leads_nowhere(refresh)
        return (url for url in urls if not leads_nowhere or url.mechanism is Mechanism.SCRIPT_LOCATION)

    def _leads_home(self, url: NextUrl) -> bool:
        try:
            target = read_target(url.text, url.base, url.charset)
        except UrlTooLong:
            return False
        return target is not None and target.url is not None and is_sent_home(self._page.url, target.url)

    @property
    def is_close(self) -> bool:
        """Whether a timer and something else that leads elsewhere happen at nearly the same time."""
        (first, _, winner), *others = sorted(self._delayed, key=lambda entry: entry[:2])
        return any(
            seconds - first < _CLOSE and other.text != winner.text
            for seconds, _, other in others
            if Mechanism.SCRIPT_LOCATION in {other.mechanism, winner.mechanism}
        )

    @property
    def is_overtaken(self) -> bool:
        """Whether a timer may replace the page that a script opens before that page is there."""
        if self.script is None:
            return False
        return self.app_is_soon or any(
            seconds < _CLOSE and other.mechanism is Mechanism.SCRIPT_LOCATION and other.text != self.script.text
            for seconds, _, other in self._delayed
        )

    @property
    def stops(self) -> bool:
        """Whether a script may stop a refresh."""
        return "stop" in self._page.text and any(map(may_stop, self._page.scripts))

    @property
    def _is_decided(self) -> bool:
        return self.script is not None or self.unread == "scripts"

    def _read(self, element: LexborNode) -> None:
        in_noscript = element.mem_id in self._in_noscript
        if element.tag == "meta":
            self._read_meta(element, in_noscript=in_noscript)
        elif element.tag == "base":
            self._read_base(element)
        elif element.tag != "script" or is_deferred(element):
            self._late.append(element)
        else:
            self._read_script(element)

    def _read_base(self, element: LexborNode) -> None:
        base = self._page.base_element
        if base is not None and base.mem_id == element.mem_id:
            self._here = self._page.base
            self.has_foreign_base = self._page.has_foreign_base
            self._is_restricted = self._is_restricted or self._page.has_broken_base
            if not self._may_set_base or self.has_foreign_base:
                self.unread = "scripts"

    def _read_meta(self, element: LexborNode, *, in_noscript: bool) -> None:
        # One that is here for the attribute of an event may lack these.
        name = (element.attributes.get("http-equiv") or "").lower()
        content = element.attributes.get("content") or ""
        if name == "refresh" and in_noscript and (refresh := read_refresh(content)):
            self.last_resorts.append(self._next_url(refresh.url, Mechanism.META_REFRESH))
        elif name == "refresh" and not in_noscript:
            self._add_refresh(content, self._next_url("", Mechanism.META_REFRESH))
        elif name == "content-security-policy" and not in_noscript:
            self._is_restricted = self._is_restricted or restricts_scripts(content)
            self._may_set_base = self._may_set_base and not restricts_base(content)

    def _next_url(self, text: str, mechanism: Mechanism) -> NextUrl:
        return NextUrl(text, mechanism, self._here, self._page.charset)

    def _add_refresh(self, content: str, next_url: NextUrl) -> None:
        if (refresh := read_refresh(content)) is not None:
            self._delayed.append((refresh.delay, -len(self._delayed), next_url._replace(text=refresh.url)))

    def _read_script(self, element: LexborNode) -> None:
        if not runs(element) or element.mem_id == self._unclosed or self.unread == "scripts":
            return
        if self.script is not None:
            self.unread = "scripts" if may_stop(element.text()) else self.unread
        elif "src" in element.attributes:
            self._read_file(element)
            if any(may_move(element.attributes.get(event) or "") for event in ("onload", "onerror")):
                self.unread = "scripts"
        else:
            moves = read_script(element.text())
            self._take(None if moves and element.mem_id in self._in_math else moves)

    @cached_property
    def _in_math(self) -> set[int]:
        return {element.mem_id for element in self._page.tree.css(_IN_MATH)} if self._page.tree else set()

    def _read_late(self, element: LexborNode) -> None:
        """Read what runs only after the scripts of the page itself."""
        if self._is_decided:
            return
        if element.tag == "script" or element.tag in _FRAMES:
            self._read_late_file(element)
        if element.tag == "template" and may_move(element.html or ""):
            self.unread = "scripts"
        for name in _EVENTS:
            if may_move(element.attributes.get(name) or ""):
                self.unread = "scripts"
        if not self._is_decided and (onload := element.attributes.get("onload")):
            self._take(read_script(onload) if element.tag == "body" or not may_move(onload) else None)

    def _read_late_file(self, element: LexborNode) -> None:
        if "srcdoc" in element.attributes or (element.tag == "script" and "src" not in element.attributes):
            if may_move(element.attributes.get("srcdoc") or element.text()):
                self.unread = "scripts"
        else:
            self._read_file(element)

    def _read_file(self, element: LexborNode) -> None:
        text = (element.attributes.get("data" if element.tag == "object" else "src") or "").strip()
        if text.lower().startswith("data:" if element.tag == "script" else "javascript:"):
            self.unread = "scripts"
            return
        try:
            target = read_target(text, self._here)
        except UrlTooLong:
            return
        if text and target is not None and target.url is not None and self._may_load(target.url.host):
            self.unread = self.unread or "files"

    def _take(self, moves: tuple[ScriptMove, ...] | None) -> None:
        runs_first = self.unread == "files" and self._page.status < _ERRORS
        if moves is None or (moves and (self._is_restricted or runs_first)):
            self.unread = "scripts"
            return
        for move in moves:
            next_url = self._next_url(move.url, Mechanism.SCRIPT_LOCATION)
            target, is_too_long = None, False
            try:
                target = read_target(move.url, self._here)
            except UrlTooLong:
                is_too_long = True
            if target is None and not is_too_long and move.seconds is None:
                return  # the script throws
            if move.seconds is not None and self._changes_with_base(move.url):
                self.has_unclear_url = True
            if move.opens_window:
                self.last_resorts.insert(0, next_url)
            elif target is not None and target.url is None:
                self.apps.append(next_url)
                self.app_is_soon = self.app_is_soon or (move.seconds is not None and move.seconds < _CLOSE)
            elif move.seconds is not None:
                self._delayed.append((move.seconds, len(self._delayed), next_url))
            else:
                self.script = next_url

    def _changes_with_base(self, text: str) -> bool:
        """Return whether a base that stands after a timer changes where its URL leads."""
        later = self._page.base
        return later != self._here and not _WHOLE.match(text)


def _header_charset(page: Page) -> Charset:
    """Return the charset for the query in a Refresh header. Chromium takes that of HTML with a body, or UTF-8."""
    return page.charset if page.is_html and not is_xml(page.response) else UTF8


def _elsewhere(page: Page, candidates: Iterator[NextUrl]) -> Iterator[NextUrl]:
    """Yield the candidates. An error page that only reloads itself does not lead on."""
    for candidate in candidates:
        if page.status < _ERRORS or not _is_same_page(candidate, page):
            yield candidate


def _leads_nowhere(refresh: NextUrl) -> bool:
    """Return whether a refresh leads to nothing that a browser opens for it."""
    try:
        target = read_target(refresh.text, refresh.base, refresh.charset)
    except UrlTooLong:
        return False
    return target is None or target.scheme == "data"


def _is_same_page(candidate: NextUrl, page: Page) -> bool:
    try:
        target = read_target(candidate.text, candidate.base, candidate.charset)
    except UrlTooLong:
        return False
    return target is not None and target.url is not None and target.url.without_fragment == page.url.without_fragment
