"""Find the values of variables in scripts without running them. All patterns take linear time."""

import re
from collections.abc import Sequence
from typing import Any

import re2

_STRING = r'"(?:[^"\\\n]|\\(?s:.))*"|\'(?:[^\'\\\n]|\\(?s:.))*\'|`(?:[^`\\$]|\\(?s:.))*`'
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
_MAX_CODE_POINT = 0x10FFFF


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
    if not code:
        return None
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


def _character(match: "re.Match[str]") -> str:
    long, short, byte, line_end, other = match.groups()
    if code := long or short or byte:
        number = int(code, 16)
        return chr(number) if number <= _MAX_CODE_POINT else ""
    return "" if line_end else _NAMED.get(other, other)
