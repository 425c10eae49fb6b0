"""What can be read from a script without running it: literals, found with patterns that take linear time.

Whether a statement is ever run is not known: one that waits for a click looks like one that does not.
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
# A comment that never ends is one all the same: else each later match would look for its end anew.
_COMMENT = r"//[^\n]*|<!--[^\n]*|/\*(?s:.*?)(?:\*/|\z)"
# Comments and other strings are matched too, so that what stands inside them is passed over.
_STATEMENTS = re2.compile("|".join((_COMMENT, _ASSIGNED, _CALLED, _OPENED, _STRING)))
# Code, and between it the comments. A quote or comment mark within a string or a pattern is none; what has no end, ends
# with its line or the script, so that nothing is read twice.
_CLASS = r"\[(?:[^\]\\\n]++|\\(?s:.)?+)*+(?:\]|(?=\n)|\Z)"
_PATTERN = rf"[(,=:\[!&|?{{}};+]\s*+/(?![/*])(?:[^/\\\n\[]++|\\(?s:.)?+|{_CLASS})*+(?:/|(?=\n)|\Z)"
_TEXT = r"""\"(?:[^\"\\\n]++|\\(?s:.))*+\"|'(?:[^'\\\n]++|\\(?s:.))*+'|`(?:[^`\\]++|\\(?s:.))*+`"""
_CODE = re.compile(
    rf"((?:{_PATTERN}|{_TEXT}|[^/<\\]|\\(?s:.)|/(?![/*])|<(?!!--))++)|//[^\n]*+|<!--[^\n]*+|/\*(?s:.*?)(?:\*/|\Z)"
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n)|(.))", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
MAX_STATEMENTS = 5000  # strings, comments and statements of a page's scripts; what comes after them is left unread
_MAX_CODE_POINT = 0x10FFFF
_INERT = ("#", "javascript:", "about:", "data:", "blob:")


def literal_locations(scripts: Sequence[str]) -> Iterator[str]:
    """The URLs that scripts assign to the location and, after all of those, the ones that they open windows with."""
    found = list(_statements(scripts))
    yield from (url for opened, url in found if not opened)
    yield from (url for opened, url in found if opened)


def variable(scripts: Sequence[str], name: str) -> str | None:
    """The string that a variable is set to; a dotted name is a property's, in an object literal or by assignment."""
    found = _value(scripts, name, _STRING)
    return None if found is None else unquoted(found)


def number(scripts: Sequence[str], name: str) -> float | None:
    """The number that a variable is set to, which may be spelled as a string."""
    found = _value(scripts, name, r"[\"']?-?\d{1,9}(?:\.\d{1,9})?[\"']?")
    return None if found is None else float(found.strip("\"'"))


def _value(scripts: Sequence[str], name: str, pattern: str) -> str | None:
    parts = name.split(".")
    code = [_without_comments(script) for script in scripts if all(part in script for part in parts)]
    first, *rest = map(re2.escape, parts)
    dotted = first + "".join(rf"(?:\s*\.\s*{part}|\s*\[\s*[\"']{part}[\"']\s*\])" for part in rest)
    nested = first + "".join(rf"[\"']?\s*[=:]\s*\{{(?s:.*?)\b{part}" for part in rest)
    for as_written in (dotted, nested):
        assigned = re2.compile(rf"(?:^|[^\w$]){as_written}[\"']?\s*[=:]\s*({pattern})")
        for script in code:
            if (found := assigned.search(script)) is not None:
                value: str = found.group(1)
                return value
    return None


def _without_comments(script: str) -> str:
    if "//" not in script and "/*" not in script and "<!--" not in script:
        return script
    return _CODE.sub(lambda found: found[1] or " ", script)


def captured(scripts: Sequence[str], pattern: Any) -> str | None:
    """What the pattern's first group finds."""
    for script in scripts:
        found = pattern.search(script)
        if found is not None and found.group(1):
            return unescaped(found.group(1))
    return None


def unquoted(literal: str) -> str:
    """The value of a string literal."""
    return unescaped(literal[1:-1])


def unescaped(text: str) -> str:
    r"""Decode a string's escapes: \/ \n \xNN \uNNNN \u{N…}."""
    if "\\" not in text:
        return text
    decoded = _ESCAPE.sub(_character, text)
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _statements(scripts: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """Each statement that names a URL: whether it opens a window, and the URL."""
    of_interest = (script for script in scripts if "location" in script or "open" in script)
    all_found = ((script, found) for script in of_interest for found in _STATEMENTS.finditer(script))
    for script, found in islice(all_found, MAX_STATEMENTS):
        literal = found.group("assigned") or found.group("called") or found.group("opened")
        if literal is None or not _is_whole(script, found.start(), found.end()):
            continue
        url = unquoted(literal).strip()
        if url and not url.lower().startswith(_INERT):
            yield found.group("opened") is not None, url


def _is_whole(script: str, start: int, end: int) -> bool:
    """Whether the statement is no other object's, and its string no part of a longer expression."""
    if start and script[start - 1] in ".$":
        return False
    following = script[end : end + 80].lstrip()
    return not following.startswith(("+", ".", "["))


def _character(found: "re.Match[str]") -> str:
    long, short, byte, line_end, other = found.groups()
    if code := long or short or byte:
        number = int(code, 16)
        return chr(number) if number <= _MAX_CODE_POINT else ""
    return "" if line_end else _NAMED.get(other, other)
