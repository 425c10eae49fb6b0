"""Messages of shorteners about links that do not exist, in other languages than English: removed.toml as patterns."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import re2

# Chinese, Japanese and Thai write no spaces between words.
_SPACELESS = re.compile("[\u3040-\u30ff\u4e00-\u9fff\u0e00-\u0e7f]")
_MARKS = re.compile(r"[!\"#$%&()*+,:;<=>@\\^_`|~\u00ab\u00bb\u2018-\u201f\u2026\u2039\u203a]+")
_BEGIN, _END = "(?:^|[ '-])", "(?:$| )"
_WORD_END = r"(?:$|[^\pL\pM])"  # RE2 knows the ends of ASCII words only
_NOT_A_WORD = "[!-@\\[-`{-~]"
_PATTERN_BYTES = 32 * 1024 * 1024  # with less memory, RE2 uses a slower way
_KINDS = ("removed", "missing", "unavailable")

# Letters that are written in several ways: Turkish, Arabic and Persian ones, and apostrophes.
_SPELLINGS = str.maketrans(
    {"\u0131": "i", "\u0307": None, "\u2019": "'", "\u200c": None}
    | dict.fromkeys(map(chr, range(0x064B, 0x0653)))
    | dict.fromkeys("\u0622\u0623\u0625", "\u0627")
    | {"\u064a": "\u06cc", "\u0643": "\u06a9", "\u0649": "\u06cc"}
)


class Language(NamedTuple):
    """The patterns of a language. The fields are those of removed.toml.

    Attributes:
        gone: A message that holds for good: one that is `removed` or `missing`.
        unavailable: A message that may pass.
        explains: A word that begins an explanation.
        conditions: A word about time, place or maintenance.
        now: A word about time that counts in its own sentence only.
    """

    gone: Any
    unavailable: Any
    explains: Any
    conditions: Any
    now: Any


def folded(text: str) -> str:
    """Return a text in lower case, with one spelling for letters that have several."""
    return text.lower().translate(_SPELLINGS)


def languages_of(text: str) -> Iterator[Language]:
    """Yield the languages in which a text may have a message."""
    if _any_message().search(text) is not None:
        yield from map(_language, _entries())


def separated(text: str) -> str:
    """Return a text with spaces around each mark, so that a space stands before and after each word."""
    return " ".join(_MARKS.sub(r" \g<0> ", text).split())


def maintenance() -> Any:
    """Return the pattern of the beginnings of words for maintenance."""
    return _names("maintenance")


def without_asides(sentence: str) -> str:
    """Return a sentence without the clauses between commas that say which link it is about."""
    return str(_asides().sub(" ", sentence))


@cache
def _asides() -> Any:
    return re2.compile(f", (?:{_any_of(_file()['relative'])})[^,]*, ")


def names_link(text: str) -> bool:
    """Return whether a text names a link, and not only a page or nothing."""
    return _names("links").search(text) is not None and _names("pages").search(text) is None


@cache
def _names(kind: str) -> Any:
    return re2.compile(_any_of(_file()[kind]))


def _any_of(words: list[str]) -> str:
    return "|".join(words).replace(r"\b", _WORD_END)


@cache
def _entries() -> dict[str, dict[str, Any]]:
    return {name: entry for name, entry in _file().items() if isinstance(entry, dict)}


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(folded(Path(__file__).with_name("removed.toml").read_text(encoding="utf-8")))


@cache
def _any_message() -> Any:
    """Compile the patterns for the first text, which takes longer than the start of many commands."""
    options = re2.Options()
    options.never_capture = True
    options.max_mem = _PATTERN_BYTES
    messages = (_messages(entry, kind) for entry in _entries().values() for kind in _KINDS)
    return re2.compile("|".join(filter(None, messages)), options)


@cache
def _language(name: str) -> Language:
    entry = _entries()[name]
    is_spaceless = _SPACELESS.search(entry["link"]) is not None
    begin, end, space = ("", "", "") if is_spaceless else (_BEGIN, _END, " ")
    goes_on = "|".join(entry.get("goes_on", ("$",)))
    last = f"(?:$| ?{_NOT_A_WORD}|{space}(?:{goes_on}){end})"
    unavailable = _messages(entry, "unavailable")
    return Language(
        re2.compile(f"{begin}(?:(?:{_messages(entry, 'removed')}){end}|(?:{_messages(entry, 'missing')}){last})"),
        re2.compile(f"{begin}(?:{unavailable}){last}") if unavailable else None,
        re2.compile(f"{begin}(?:{'|'.join(entry['explains'])}){end}") if entry.get("explains") else None,
        re2.compile(f"{begin}(?:{_any_of(entry['conditions'])})"),
        re2.compile(f"{begin}(?:{_any_of(entry['now'])})"),
    )


def _messages(entry: dict[str, Any], kind: str) -> str:
    return "|".join(entry.get(kind, ())).replace("<link>", f"(?:{entry['link']})")
