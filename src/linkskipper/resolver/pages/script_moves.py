"""Tell where a script sends the visitor, without running it, where that is certain.

A script is read in one of three ways:

- It names nothing that can open a page. Then it opens none.
- It consists of statements that run whatever happens, and whose values are literals. Then its last one decides, as in
  Chromium.
- Only running it tells. Conditions, variables, functions, timers and calls of anything else belong here.

All patterns take linear time.
"""

import re
from functools import cache
from typing import NamedTuple

import re2

from linkskipper.resolver.pages.scripts import unquoted
from linkskipper.resolver.urls.target import STRIPPED

# Names by which a script can open a page, or run text or markup that can. They count in strings and comments too.
_WORDS = (
    "location", r"navigat\w*", "history", "href", "action", "formAction", "open", "opener", "submit", "requestSubmit",
    "click", "dispatchEvent", "write", "writeln", "innerHTML", "outerHTML", "insertAdjacentHTML", r"setHTML\w*", "html",
    "append", "createElement", "createElementNS", "cloneNode", "createContextualFragment", "importNode", "content",
    "DOMParser", "meta", "http-equiv", "httpEquiv", r"setAttribute\w*", "srcdoc", "src", "eval", "Function",
    "constructor", "setTimeout", "setInterval", "execScript", "getScript", "globalEval", "import", "importScripts",
    "Reflect", "with", "atob", "fromCharCode", "fromCodePoint", "unescape", r"decodeURI\w*", "parent", "top", "frames",
)  # fmt: skip
# A property whose name is computed, or an escape in a name, may be any of these words.
_INDEX = r"""(?:[^\s\d"']|\d+\s*[^\s\d\]]|"[^"]*"\s*[^\s\]]|'[^']*'\s*[^\s\]])"""
_COMPUTED = rf"(?:[\w$)\]]|\?\.)\s*\[\s*{_INDEX}|\{{\s*\[|\\[ux]"
_STOP = r"(?:\A|[^.\w$]|\b(?:window|self|this|globalThis)\s*\.\s*)stop\s*\(|=\s*stop\s*(?:[;}\n]|\z)"
_MAY_STOP = re2.compile(_STOP)
_MAY_MOVE = re2.compile(rf"\b(?:{'|'.join(_WORDS)})\b|javascript:|{_COMPUTED}|{_STOP}")

_ESCAPE = r"\\(?:u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|[^0-9ux])"
_STRING = rf"(?:\"(?:[^\"\\\r\n]|{_ESCAPE})*+\"|'(?:[^'\\\r\n]|{_ESCAPE})*+'|`(?:[^`\\$]|{_ESCAPE})*+`)"
_COMMENT = r"//[^\r\n]*+|<!--[^\r\n]*+|/\*(?s:[^*]|\*(?!/))*+\*/"
_GAP = rf"(?:\s|{_COMMENT})*+"
_LITERAL = rf"(?:{_STRING}|-?\d++(?:\.\d++)?|true|false|null|\[{_GAP}\]|\{{{_GAP}\}})"
_WINDOW = "(?:window|self|top|parent|document|globalThis)"
_LOCATION = rf"(?:{_WINDOW}{_GAP}\.{_GAP})*+location\b"
_TAKEN = r"(?!(?:location|open|window|self|top|parent|document|globalThis|console|name)\b)"
_VARIABLE = rf"{_TAKEN}[A-Za-z_$][\w$]*+{_GAP}={_GAP}{_LITERAL}"
_ASSIGN = rf"{_LOCATION}{_GAP}(?:\.{_GAP}href\b|\[{_GAP}[\"']href[\"']{_GAP}\])?{_GAP}={_GAP}"
_CALL = rf"{_LOCATION}{_GAP}\.{_GAP}(?:replace|assign){_GAP}\({_GAP}"
_OPEN = rf"(?:window{_GAP}\.{_GAP})?open{_GAP}\({_GAP}"
_LATER = rf"{_GAP}(?:{_ASSIGN}{_STRING}|{_CALL}{_STRING}{_GAP}\)){_GAP}"
_FUNCTION = rf"(?:function{_GAP}\({_GAP}\)|\({_GAP}\){_GAP}=>){_GAP}\{{(?P<body>{_LATER};?{_GAP})\}}"
_ARROW = rf"\({_GAP}\){_GAP}=>(?P<expression>{_LATER})"
_TIMER = rf"(?:window{_GAP}\.{_GAP})?setTimeout{_GAP}\({_GAP}(?:{_FUNCTION}|{_ARROW}|(?P<text>{_STRING}))"
_STATEMENT = "|".join((
    rf"{_ASSIGN}(?P<assigned>{_STRING})",
    rf"{_CALL}(?P<called>{_STRING}){_GAP}\)",
    rf"{_OPEN}(?P<opened>{_STRING})(?:{_GAP},{_GAP}(?P<name>{_STRING}))?(?:{_GAP},{_GAP}{_LITERAL})*+{_GAP}\)",
    rf"{_TIMER}{_GAP},{_GAP}(?P<delay>\d{{1,9}}){_GAP}\)",
    rf"var\s++{_VARIABLE}(?:{_GAP},{_GAP}{_VARIABLE})*+",
    rf"(?:window|self){_GAP}\.{_GAP}opener{_GAP}={_GAP}null",
    rf"document{_GAP}\.{_GAP}title{_GAP}={_GAP}{_STRING}",
    rf"console{_GAP}\.{_GAP}log{_GAP}\({_GAP}(?:{_LITERAL})?{_GAP}\)",
    r"\"use strict\"|'use strict'",
))  # fmt: skip
# A statement ends at a semicolon, at the end, or at the end of a line before a name that begins another one.
_END = rf"(?:{_GAP}(?:;|\Z)|[^\S\r\n]*+(?://[^\r\n]*+)?[\r\n]{_GAP}(?=[A-Za-z_$\"'])(?!in(?:stanceof)?\b))"
_NEXT = rf"{_GAP}(?:;|(?:{_STATEMENT}){_END}|\Z)"
_SAME_WINDOW = frozenset({"_self", "_top", "_parent"})
_INERT = re.compile(r"#|(?:javascript|about|data|blob|filesystem|view-source):|\Z", re.IGNORECASE)
_FOREIGN = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class ScriptMove(NamedTuple):
    """A URL that a script opens.

    Attributes:
        url: The URL as written.
        seconds: The time that a timer waits before, or None without a timer.
        opens_window: Whether it opens in a new window, which browsers block.
    """

    url: str
    seconds: float | None = None
    opens_window: bool = False


def read_script(script: str) -> tuple[ScriptMove, ...] | None:
    """Return what a script opens, in order. Return None if only running it tells."""
    return _read(script) if may_move(script) else ()


def may_move(script: str) -> bool:
    """Return whether a script names anything by which it could open a page, or stop one that is being opened."""
    return _MAY_MOVE.search(script) is not None


def may_stop(script: str) -> bool:
    """Return whether a script names anything by which it could stop a page that is being opened."""
    return _MAY_STOP.search(script) is not None


def _read(script: str) -> tuple[ScriptMove, ...] | None:
    moves: list[ScriptMove] = []
    next_statement, position = _next_statement(), 0
    while position < len(script):
        statement = next_statement.match(script, position)
        if statement is None:
            return None
        if statement["delay"] is not None:
            timed = _read_timer(statement)
            if timed is None:
                return None
            moves.append(timed)
        elif (move := _read_move(statement)) is not None:
            moves.append(move)
        position = statement.end()
    return tuple(moves) if _is_certain(moves) else None


@cache
def _next_statement() -> re.Pattern[str]:
    """Compile the pattern for the first script, which takes longer than the start of many commands."""
    return re.compile(_NEXT)


def _is_certain(moves: list[ScriptMove]) -> bool:
    """Return whether each URL opens a page. One of another scheme may or may not replace an earlier one."""
    if any(_INERT.match(move.url) for move in moves):
        return False
    return len(moves) == 1 or not any(_FOREIGN.match(move.url) for move in moves)


def _read_timer(statement: "re.Match[str]") -> ScriptMove | None:
    """Return what a timer opens, or None if that is not one page in the same window."""
    text = statement["text"]
    inner = unquoted(text) if text is not None else statement["body"] or statement["expression"]
    moves = None if "setTimeout" in inner else _read(inner)
    if moves is None or len(moves) != 1 or moves[0].opens_window:
        return None
    return ScriptMove(moves[0].url, int(statement["delay"]) / 1000)


def _read_move(statement: "re.Match[str]") -> ScriptMove | None:
    literal = statement["assigned"] or statement["called"] or statement["opened"]
    if literal is None:
        return None
    opens_window = statement["opened"] is not None and (statement["name"] or "")[1:-1] not in _SAME_WINDOW
    return ScriptMove(unquoted(literal).strip(STRIPPED), opens_window=opens_window)
