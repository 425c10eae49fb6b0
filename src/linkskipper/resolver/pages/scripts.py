"""Find URLs and values in scripts without running them. All patterns take linear time.

This cannot tell whether a statement ever runs: one that waits for a click looks like one that does not.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import re2

_STRING = r'"(?:[^"\\\n]|\\(?s:.))*"|\'(?:[^\'\\\n]|\\(?s:.))*\'|`(?:[^`\\$]|\\(?s:.))*`'
_LOCATION = r"\b(?:(?:window|self|top|parent|document|globalThis)\s*\.\s*)*location"
_ASSIGNED = rf"{_LOCATION}\s*(?:\.\s*href|\[\s*[\"']href[\"']\s*\])?\s*=\s*(?P<assigned>{_STRING})"
_CALLED = rf"{_LOCATION}\s*\.\s*(?:replace|assign)\s*\(\s*(?P<called>{_STRING})"
_OPENED = rf"\bwindow\s*\.\s*open\s*\(\s*(?P<opened>{_STRING})"
# A comment without an end still counts: otherwise each later match would search for its end again.
_COMMENT = r"//[^\n]*|<!--[^\n]*|/\*(?s:.*?)(?:\*/|\z)"
# Comments and other strings are matched too, so that statements inside them are skipped.
_STATEMENTS = re2.compile("|".join((_COMMENT, _ASSIGNED, _CALLED, _OPENED, _STRING)))
# Code, and the comments in it. Quotes and comment marks inside a string or a pattern do not count. A string or pattern
# without an end ends with its line or the script, so that nothing is read twice.
_CLASS = r"\[(?:[^\]\\\n]++|\\(?s:.)?+)*+(?:\]|(?=\n)|\Z)"
_PATTERN = rf"[(,=:\[!&|?{{}};+]\s*+/(?![/*])(?:[^/\\\n\[]++|\\(?s:.)?+|{_CLASS})*+(?:/|(?=\n)|\Z)"
_TEXT = r"""\"(?:[^\"\\\n]++|\\(?s:.))*+\"|'(?:[^'\\\n]++|\\(?s:.))*+'|`(?:[^`\\]++|\\(?s:.))*+`"""
_CODE = re.compile(
    rf"((?:{_PATTERN}|{_TEXT}|[^/<\\]|\\(?s:.)|/(?![/*])|<(?!!--))++)|//[^\n]*+|<!--[^\n]*+|/\*(?s:.*?)(?:\*/|\Z)"
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n)|(.))", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
MAX_STATEMENTS = 5000
"""Strings, comments and statements of a page that are read. The rest of its scripts is ignored."""

_MAX_CODE_POINT = 0x10FFFF
_INERT = ("#", "javascript:", "about:", "data:", "blob:")


def literal_locations(scripts: Sequence[str]) -> Iterator[str]:
    """Yield the URLs that scripts assign to the location, and then those that they open windows with."""
    statements = list(_statements(scripts))
    yield from (url for opens_window, url in statements if not opens_window)
    yield from (url for opens_window, url in statements if opens_window)


def variable(scripts: Sequence[str], name: str) -> str | None:
    """Return the string that a variable is set to.

    A dotted name means a property, which an object literal or an assignment sets.
    """
    literal = _value(scripts, name, _STRING)
    return None if literal is None else unquoted(literal)


def number(scripts: Sequence[str], name: str) -> float | None:
    """Return the number that a variable is set to, which may be in quotes."""
    literal = _value(scripts, name, r"[\"']?-?\d{1,9}(?:\.\d{1,9})?[\"']?")
    return None if literal is None else float(literal.strip("\"'"))


def _value(scripts: Sequence[str], name: str, pattern: str) -> str | None:
    parts = name.split(".")
    code = [_without_comments(script) for script in scripts if all(part in script for part in parts)]
    first, *rest = map(re2.escape, parts)
    dotted = first + "".join(rf"(?:\s*\.\s*{part}|\s*\[\s*[\"']{part}[\"']\s*\])" for part in rest)
    nested = first + "".join(rf"[\"']?\s*[=:]\s*\{{(?s:.*?)\b{part}" for part in rest)
    for variable_name in (dotted, nested):
        assignment = re2.compile(rf"(?:^|[^\w$]){variable_name}[\"']?\s*[=:]\s*({pattern})")
        for script in code:
            if (match := assignment.search(script)) is not None:
                value: str = match.group(1)
                return value
    return None


def _without_comments(script: str) -> str:
    if "//" not in script and "/*" not in script and "<!--" not in script:
        return script
    return _CODE.sub(lambda match: match[1] or " ", script)


def captured(scripts: Sequence[str], pattern: Any) -> str | None:
    """Return what the first group of a pattern matches."""
    for script in scripts:
        match = pattern.search(script)
        if match is not None and match.group(1):
            return unescaped(match.group(1))
    return None


def unquoted(literal: str) -> str:
    """Return the value of a string literal."""
    return unescaped(literal[1:-1])


def unescaped(text: str) -> str:
    r"""Decode the escapes of a string: \/ \n \xNN \uNNNN \u{N…}."""
    if "\\" not in text:
        return text
    decoded = _ESCAPE.sub(_character, text)
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _statements(scripts: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """Yield each statement that names a URL: whether it opens a window, and the URL."""
    relevant = (script for script in scripts if "location" in script or "open" in script)
    matches = ((script, match) for script in relevant for match in _STATEMENTS.finditer(script))
    for script, match in islice(matches, MAX_STATEMENTS):
        literal = match.group("assigned") or match.group("called") or match.group("opened")
        if literal is None or not _is_whole(script, match.start(), match.end()):
            continue
        url = unquoted(literal).strip()
        if url and not url.lower().startswith(_INERT):
            yield match.group("opened") is not None, url


def _is_whole(script: str, start: int, end: int) -> bool:
    """Return whether a statement belongs to the window, and its string is not part of a longer expression."""
    if start and script[start - 1] in ".$":
        return False
    following = script[end : end + 80].lstrip()
    return not following.startswith(("+", ".", "["))


def _character(match: "re.Match[str]") -> str:
    long, short, byte, line_end, other = match.groups()
    if code := long or short or byte:
        number = int(code, 16)
        return chr(number) if number <= _MAX_CODE_POINT else ""
    return "" if line_end else _NAMED.get(other, other)
