"""Recognise what shorteners say about a link that is expired, deleted or unknown, in the common languages.

A sentence counts if it begins with the message. Other texts mention expired links too: an article about them, or the
title of a destination that a preview shows. A page that does not work now, or not for everybody, says nothing about the
link.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from linkskipper.resolver.pages import removed_english as english
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.removed_languages import (
    Language,
    folded,
    languages_of,
    maintenance,
    names_link,
    separated,
    without_asides,
)
from linkskipper.resolver.pages.visibility import remove_hidden

_SENTENCE_END = re.compile(
    r"([|!?;\u00b7\u2022\u00bb\u2013\u2014\n\"{}\[\]\u037e\u061b\u061f\u06d4\u0964\u3002\uff01\uff1f]+|\.(?=\s|$)| - )"
)
_CLAUSE_END = re.compile(r"([,:](?=\s|$)|[\u060c\u3001\uff0c\uff1a])")
_COLONS = frozenset(":\uff1a")
_CODE = re.compile(r"(?=\S*[\d/._-])\S+", re.ASCII)  # the code of a link, or its URL, but not a word
_QUESTION_MARKS = "?\u037e\u061f\uff1f"
_GREEK = re.compile("[\u0370-\u03ff]")  # its question mark is the semicolon
# Chinese and Japanese for "what is", "method", "cause", "what to do", "treatment".
_EXPLAINED = re.compile(
    "^.{0,30}(?:\u3068\u306f|\u65b9\u6cd5|\u539f\u56e0|\u5bfe\u51e6|\u600e\u4e48\u529e|\u600e\u9ebc\u8fa6"
    "|\u5904\u7406|\u8655\u7406)"
)
# A page that depends on a program or a device is there for other visitors.
_TECHNIQUE = re.compile(
    "javascript|cookie|browser|explorer|navigateur|navegador|\u0431\u0440\u0430\u0443\u0437\u0435\u0440"
    "|\u03c0\u03b5\u03c1\u03b9\u03b7\u03b3\u03b7\u03c4|\u6d4f\u89c8\u5668|\u700f\u89bd\u5668"
    "|\u30d6\u30e9\u30a6\u30b6|\ube0c\ub77c\uc6b0\uc800|smartphone|tablet|desktop|\\bvpn\\b|\\bandroid\\b"
    "|\\biphone|\\bios\\b|\\bwindows\\b|\\bapps?\\b|\\bm[o\u00f3]b[i\u00ed]l|\u043c\u043e\u0431\u0438\u043b"
    "|\u30e2\u30d0\u30a4\u30eb|\ubaa8\ubc14\uc77c"
    "|(?:removed|deleted) from (?!(?:our|the|this) (?:system|database|server|site|service|platform))"
)
_INSIDE_SENTENCES = ["b", "strong", "em", "i", "u", "code", "mark", "small", "font"]
_MAX_CLAUSE_ENDS = 20  # of a sentence, which is read again for each of them
_MAX_BEFORE = 30  # characters of articles, adjectives and the like before the message
MAX_TEXT = 5000
"""Characters of a text that are read."""

MAX_BODY = 256 * 1024
"""Bytes of a page that is read for a message."""

SHORT_TEXT = 600
"""Characters of a page that has little more than a message. An article has more."""


class _Clause(NamedTuple):
    """A part of a sentence, what stands before it there, and whether it is a title with more after a colon."""

    text: str
    before: str
    is_title: bool


def says_removed(text: str, *, around: str = "", for_good: bool = False, of_link: bool = False) -> bool:
    """Return whether a sentence of a text says that a link does not exist, or no longer works.

    `around` is what the page says besides. `for_good` tells to ignore what may pass: that the link does not work.
    `of_link` tells to ignore what is said about a page, such as "page not found".
    """
    words = folded(text[:MAX_TEXT])
    context = f"{words}\n{folded(around[:MAX_TEXT])}"
    clauses = (clause for clause in _clauses(words) if not of_link or names_link(clause.text))
    return any(_is_message(clause, context, for_good=for_good) for clause in clauses)


def speaks_of_maintenance(text: str) -> bool:
    """Return whether a text has a word for maintenance in one of the common languages."""
    return maintenance().search(folded(text[:MAX_TEXT])) is not None


def short_text(page: Page) -> str:
    """Return what a page shows, or nothing if that is more than a message."""
    text = shown_text(page)
    return text if len(" ".join(text.split())) <= SHORT_TEXT else ""


def shown_text(page: Page) -> str:
    """Return what a page shows, or nothing if it is very large."""
    if len(page.response.body) > MAX_BODY:
        return ""
    text = page.response.text()
    if page.tree is not None:
        tree = LexborHTMLParser(page.markup)
        tree.strip_tags(["script", "style", "noscript", "template", "head"])
        remove_hidden(tree)
        tree.unwrap_tags(_INSIDE_SENTENCES)
        tree.merge_text_nodes()
        text = tree.body.text(separator="\n") if tree.body is not None else ""
    return text


def _clauses(text: str) -> Iterator[_Clause]:
    """Yield the parts of the sentences that are not questions."""
    parts = [*_SENTENCE_END.split(text), ""]
    for sentence, end in zip(parts[::2], parts[1::2], strict=True):
        is_question = any(mark in end for mark in _QUESTION_MARKS) or (";" in end and _GREEK.search(sentence))
        if is_question or not sentence.strip():
            continue
        words = " ".join(sentence.split())
        pieces = [*_CLAUSE_END.split(without_asides(words) if ", " in words else words, _MAX_CLAUSE_ENDS), ""]
        for number in range(0, len(pieces), 2):
            rest = "".join(pieces[number + 2 :]).strip() if pieces[number + 1] in _COLONS else ""
            is_title = rest != "" and _CODE.fullmatch(rest) is None
            if piece := pieces[number].strip():
                yield _Clause(piece, "".join(pieces[:number]), is_title)


def _is_message(clause: _Clause, context: str, *, for_good: bool) -> bool:
    text = clause.text
    if english.GONE.search(text) is not None:
        return _is_plain(clause)
    if not for_good and english.UNAVAILABLE.search(text) is not None:
        return _is_plain(clause) and english.CONDITIONS.search(context) is None
    spaced = separated(text)
    verdicts = [_verdict(language, spaced, clause, context, for_good=for_good) for language in languages_of(spaced)]
    # Related languages share messages, but not the words that explain them.
    return True in verdicts and False not in verdicts and _is_plain(clause)


def _is_plain(clause: _Clause) -> bool:
    """Return whether a message is neither the title of something else, nor an explanation, nor true for some only."""
    whole = f"{clause.before} {clause.text}"
    is_explained = any(english.EXPLAINS.search(text) for text in (clause.text, clause.before))
    limits = (_TECHNIQUE, english.CONDITIONS, english.NOW)
    is_for_some = any(words.search(whole) is not None for words in limits)
    return not (clause.is_title or is_explained or is_for_some or _EXPLAINED.search(clause.text))


def _verdict(language: Language, text: str, clause: _Clause, context: str, *, for_good: bool) -> bool | None:
    """Return whether a text with a message in a language is about a link, or None if it has no message."""
    message, places = language.gone.search(text), clause.before
    if message is None and not for_good and language.unavailable is not None:
        message, places = language.unavailable.search(text), context
    if message is None or message.start() > _MAX_BEFORE:
        return None
    before = f"{clause.before} {text[: message.start()]} "
    whole = f"{places} {text}"
    is_explained = language.explains is not None and language.explains.search(before) is not None
    is_now = language.now.search(f"{clause.before} {text}") is not None or english.CONDITIONS.search(places) is not None
    return not (is_explained or is_now or language.conditions.search(whole))
