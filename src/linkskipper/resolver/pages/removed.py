"""Recognise what shorteners say about a link that is expired, deleted or unknown, in the common languages.

A sentence counts if it begins with the message. Other texts mention expired links too: an article about them, or the
title of a destination that a preview shows.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import re2
from selectolax.lexbor import LexborHTMLParser

from linkskipper.resolver.pages.page import Page

_FILLERS = (
    "sorry|oops|ops|whoops|oh no|uh oh|hm+|ohh?|unfortunately|error|4\\d\\d|warning|attention|the|this|that|your|our|a"
    "|an|requested|given|following|specified|short|shortened|tiny|custom|shared|it|looks like|seems(?: like| that)?|but"
    "|one[- ]time|we|are|is|there|dead|old|(?:that|there)'?s|\\S+\\.\\S+|\\W+"
)
_SUBJECT = "(?:short ?)?(?:links?|urls?|web ?page|page|address|alias|redirect|keyword|slug|short ?code)"
_CLAUSE = (
    "(?:you|we)(?:'re|'ve)?|that|which|were|are|is|have|had|been|looking|for|followed|requested|clicked|on|opened|trying|tried|to|access|"
    "open|reach|visit|entered|used|using|this|the|with|id|code|alias|called|named|here|at|\"[^\"]*\"|'[^']*'|\\([^)]*\\)|"
    "\\S*[/.]\\S*"
)
_GONE = (
    "expired|deleted|removed|disabled|deactivated|banned|blocked|suspended|terminated|revoked|blacklisted|archived|"
    "inactivated|taken down"
)
_VERDICT = (
    f"(?:(?:has been|was) (?:reported|flagged|marked)(?: as \\w+)? and (?:(?:has been|was|is) )?(?:{_GONE}))"
    "|(?:(?:has|have|is|was|were|are)(?: now| already| been| since| either| or| permanently| temporarily)*|got) "
    f"(?:{_GONE})"
    f"|(?:{_GONE}|invalid|unavailable|inactive|unknown|missing|not found)"
    "(?:$|[^a-z ]| - | because| by| for| on| or| and)"
    "|(?:could not|couldn'?t|cannot|can not|can'?t|was not|wasn'?t|is not|not) (?:be )?found"
    "|(?:does not|doesn'?t|do not|did not|didn'?t|not) (?:(?:seem|appear) to )?exist"
    "|(?:does not|doesn'?t|is not|isn'?t) work(?:ing)?(?: any ?more)?(?:$|[^a-z ])"
    "|(?:(?:has|is) )?(?:gone missing|gone$|self-destructed)|has (?:already )?been used(?:$|[^a-z ])"
    "|(?:(?:is|are) )?no longer (?:exists?|active|available|valid|works?|working|in use|here|online)"
    "|(?:is not|isn'?t) (?:active|available|valid|known)(?: any ?more)?(?:$|[^a-z ])"
    "|(?:is|has been) (?:currently )?(?:invalid|unavailable|inactive|unknown|broken|dead)(?:$|[^a-z ]| or )"
    "|(?:has )?reached (?:its|the) (?:maximum|limit|click|visit|view)"
    "|(?:has been|was) (?:visited|clicked|opened|used) too many times"
    "|(?:has )?(?:violated|violates) (?:our|the) (?:terms|rules|polic)"
)
_REVERSED = (
    "(?:no such|invalid|unknown|expired|deleted|removed|disabled|banned|dead|broken)"
    "(?: or (?:invalid|unknown|expired|deleted|removed|disabled|broken))? "
    "(?:short(?:ened)? )?(?:link|url|page|alias|(?:short ?)?code|slug|keyword)(?:$|[^a-z ])"
    "|(?:could not|couldn'?t|cannot|can'?t|unable to) find "
    f"(?:(?:the|this|that|your|any|a) )?(?:\\S+ )?(?:{_SUBJECT})|not found$"
    "|(?:there(?: is|'s) )?nothing (?:found |to see )?here$"
    "|(?:could not|couldn'?t|cannot|can'?t) find what you"
    "|no (?:url|link|redirect|destination)s? (?:was |were )?(?:found|here$|exists?)"
    "|(?:link|clicks?|visits?|views?) limit (?:has been |was )?(?:reached|exceeded)"
    f"|user (?:who|that) (?:created|made|owns) (?:this|the) (?:short )?(?:link|url) (?:has been|was|is) (?:{_GONE})"
)
_ENGLISH = re2.compile(
    f"^(?:(?:{_FILLERS}) *)*(?:{_SUBJECT}(?: (?:{_CLAUSE}))* (?:{_VERDICT})|{_REVERSED})",
)


# Letters that are written in several ways: Turkish, Arabic and Persian ones, and apostrophes.
_SPELLINGS = str.maketrans(
    {"\u0131": "i", "\u0307": None, "\u2019": "'", "\u200c": None}
    | dict.fromkeys(map(chr, range(0x064B, 0x0653)))
    | dict.fromkeys("\u0622\u0623\u0625", "\u0627")
    | {"\u064a": "\u06cc", "\u0643": "\u06a9", "\u0649": "\u06cc"}
)


def _folded(text: str) -> str:
    """Return a text in lower case, with one spelling for letters that have several."""
    return text.lower().translate(_SPELLINGS)


# Chinese, Japanese, Korean and Thai write no spaces between words.
_WORD_END = r"(?:$|[^\pL\pM]|[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}])"
_MAX_BEFORE = 30  # characters of articles, adjectives and the like before the message
_PATTERN_BYTES = 32 * 1024 * 1024  # with less memory, RE2 uses a slower way


class _OtherLanguages(NamedTuple):
    """What all languages but English say: a message, and what begins or goes on as an explanation or a question."""

    message: Any
    explains: Any


@cache
def _other_languages() -> _OtherLanguages:
    """Compile the patterns for the first text, which takes longer than the start of many commands."""
    languages = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).values()
    messages = (
        _folded(message).replace("<link>", f"(?:{_folded(language['link'])})")
        for language in languages
        for message in language["messages"]
    )
    questions = (_folded(word) for language in languages for word in language.get("explains", ()))
    options = re2.Options()
    options.never_capture = True
    options.max_mem = _PATTERN_BYTES
    return _OtherLanguages(
        re2.compile(f"(?:{'|'.join(messages)}){_WORD_END}", options),
        re2.compile(f"^(?:how|why|when|what|if|fix|{'|'.join(questions)}){_WORD_END}|^.{{0,30}}(?:{_EXPLAINED})"),
    )


# Chinese and Japanese for "what is", "method", "cause", "what to do", "treatment".
_EXPLAINED = (
    "\u3068\u306f|\u65b9\u6cd5|\u539f\u56e0|\u5bfe\u51e6|\u600e\u4e48\u529e"
    "|\u600e\u9ebc\u8fa6|\u5904\u7406|\u8655\u7406"
)
_SENTENCE_END = re.compile(
    r"([|!?;\u00b7\u2022\u00bb\u2013\u2014\n\"{}\[\]\u061f\u3002\uff01\uff0c\uff1a\uff1f]+|[.,:](?=\s|$)| - )"
)
_QUESTION_MARKS = "?\u061f\uff1f"
# A page that depends on scripts or on a country is there for other visitors.
_CONDITION = re.compile(
    "javascript|cookie|browser|navigateur|navegador|\u0431\u0440\u0430\u0443\u0437\u0435\u0440"
    "|\\b(?:land|landet|landes|pays|pa[i\u00ed]s|paese|kraju|zemi|country|r[e\u00e9]gi[o\u00f3\u00e3]\\w*)\\b"
    "|\u00fclke|\u0441\u0442\u0440\u0430\u043d|\u0440\u0435\u0433\u0438\u043e\u043d"
    "|\u5730\u533a|\u5730\u5340|\u5730\u57df"
)
MAX_TEXT = 5000
"""Characters of a text that are read."""

MAX_BODY = 256 * 1024
"""Bytes of a page that is read for a message."""

SHORT_TEXT = 600
"""Characters of a page that has little more than a message. An article has more."""


def says_removed(text: str) -> bool:
    """Return whether a sentence of a text says that a link does not exist, or no longer exists."""
    parts = [*_SENTENCE_END.split(_folded(text[:MAX_TEXT])), ""]
    sentences = (
        " ".join(sentence.split())
        for sentence, end in zip(parts[::2], parts[1::2], strict=True)
        if not any(mark in end for mark in _QUESTION_MARKS)
    )
    return any(_is_message(sentence) for sentence in sentences if sentence)


def short_text(page: Page) -> str:
    """Return what a page shows, or nothing if that is more than a message."""
    if len(page.response.body) > MAX_BODY:
        return ""
    text = page.response.text()
    if page.tree is not None:
        tree = LexborHTMLParser(text)
        tree.strip_tags(["script", "style", "noscript", "template", "head"])
        text = tree.body.text(separator="\n") if tree.body is not None else ""
    return text if len(" ".join(text.split())) <= SHORT_TEXT else ""


def _is_message(sentence: str) -> bool:
    others = _other_languages()
    if others.explains.search(sentence) is not None:
        return False
    if _ENGLISH.search(sentence) is not None:
        return True
    message = others.message.search(sentence)
    if message is None or message.start() > _MAX_BEFORE:
        return False
    return _CONDITION.search(sentence, message.end()) is None
