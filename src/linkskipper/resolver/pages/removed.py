"""Recognise what shorteners say about a link that is expired, deleted or unknown, in the common languages.

A sentence counts if it begins with the message. Other texts mention expired links too: an article about them, or the
title of a destination that a preview shows.
"""

import re
from pathlib import Path

import re2
from selectolax.lexbor import LexborHTMLParser

from linkskipper.resolver.pages.page import Page

_FILLERS = (
    "sorry|oops|ops|whoops|oh no|uh oh|hm+|ohh?|unfortunately|error|4\\d\\d|warning|attention|the|this|that|your|our|a"
    "|an|requested|given|following|specified|short|shortened|tiny|custom|shared|it|looks like|seems(?: like| that)?|but"
    "|we|are|is|dead|old|that['\u2019]?s|\\S+\\.\\S+|\\W+"
)
_SUBJECT = "(?:short ?)?(?:links?|urls?|web ?page|page|address|alias|redirect|keyword|slug|short ?code)"
_CLAUSE = (
    "you|that|which|we|were|are|is|have|had|been|looking|for|followed|requested|clicked|on|opened|trying|tried|to|access|"
    "open|reach|visit|entered|used|using|this|the|with|id|code|alias|called|named|here|at|\"[^\"]*\"|'[^']*'|\\([^)]*\\)|"
    "\\S*[/.]\\S*"
)
_GONE = (
    "expired|deleted|removed|disabled|deactivated|banned|blocked|suspended|terminated|revoked|blacklisted|archived|"
    "inactivated|taken down"
)
_VERDICT = (
    f"(?:(?:has been|was) (?:reported|flagged|marked as \\w+) and (?:{_GONE}))"
    "|(?:(?:has|have|is|was|were|are)(?: now| already| been| since| either| or| permanently| temporarily)*|got) "
    f"(?:{_GONE})"
    f"|(?:{_GONE}|invalid|unavailable|inactive|unknown|missing|not found)"
    "(?:$|[^a-z ]| - | because| by| for| on| or| and)"
    "|(?:could not|couldn['\u2019]?t|cannot|can not|can['\u2019]?t|was not|wasn['\u2019]?t|is not|not) (?:be )?found"
    "|(?:does not|doesn['\u2019]?t|do not|did not|didn['\u2019]?t) (?:(?:seem|appear) to )?exist"
    "|(?:(?:is|are) )?no longer (?:exists?|active|available|valid|works?|working|in use|here|online)"
    "|(?:is not|isn['\u2019]?t) (?:active|available|valid|known)(?: any ?more)?(?:$|[^a-z ])"
    "|(?:is|has been) (?:currently )?(?:invalid|unavailable|inactive|unknown)(?:$|[^a-z ])"
    "|(?:has )?reached (?:its|the) (?:maximum|limit|click|visit|view)"
    "|(?:has been|was) (?:visited|clicked|opened|used) too many times"
    "|(?:has )?(?:violated|violates) (?:our|the) (?:terms|rules|polic)"
)
_REVERSED = (
    "(?:no such|invalid|unknown|expired|deleted|removed|disabled|banned|dead|broken)"
    "(?: or (?:invalid|unknown|expired|deleted|removed|disabled|broken))? "
    "(?:short )?(?:link|url|page|alias)(?:$|[^a-z ])"
    "|(?:could not|couldn['\u2019]?t|cannot|can['\u2019]?t|unable to) find "
    f"(?:(?:the|this|that|your|any|a) )?(?:\\S+ )?(?:{_SUBJECT})|not found$"
    "|(?:there(?: is|['\u2019]s) )?nothing (?:found |to see )?here$"
    "|(?:could not|couldn['\u2019]?t|cannot|can['\u2019]?t) find what you"
    "|no (?:url|link|redirect|destination)s? (?:was |were )?(?:found|here$|exists?)"
    "|(?:link|clicks?|visits?|views?) limit (?:has been |was )?(?:reached|exceeded)"
    f"|user (?:who|that) (?:created|made|owns) (?:this|the) (?:short )?(?:link|url) (?:has been|was|is) (?:{_GONE})"
)
_ENGLISH = re2.compile(
    f"^(?:(?:{_FILLERS}) *)*(?:{_SUBJECT}(?: (?:{_CLAUSE}))* (?:{_VERDICT})|{_REVERSED})",
)


def _folded(text: str) -> str:
    """Return a text in lower case, with Turkish letters replaced by similar ones."""
    return text.lower().replace("\u0131", "i").replace("\u0307", "")


_LINES = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
_PHRASES = [
    re2.escape(_folded(line).removesuffix("$")) + "$" * line.endswith("$")
    for line in _LINES
    if line and line[0] not in "#?"
]
_QUESTIONS = [line.removeprefix("? ") for line in _LINES if line.startswith("?")]
# Articles and the like may stand before the phrase.
_PHRASE = re2.compile(f"^.{{0,25}}(?:{'|'.join(_PHRASES)})")
# A sentence that begins so explains something, or asks.
_EXPLAINS = re.compile(
    rf"(?:how|why|when|what|if|fix|{'|'.join(_QUESTIONS)})(?![a-z\u0400-\u04ff])|.{{0,20}}(?:\u3068\u306f|\u65b9\u6cd5|\u539f\u56e0)"
)
_SENTENCE_END = re.compile(r"[|!?;\u00b7\u2022\u00bb\u2013\u2014\n\"{}\[\]\u3002\uff01\uff0c\uff1a]+|[.,:](?=\s|$)| - ")
MAX_TEXT = 5000
"""Characters of a text that are read."""

MAX_BODY = 256 * 1024
"""Bytes of a page that is read for a message."""

SHORT_TEXT = 600
"""Characters of a page that has little more than a message. An article has more."""


def says_removed(text: str) -> bool:
    """Return whether a sentence of a text says that a link does not exist, or no longer exists."""
    sentences = (" ".join(sentence.split()) for sentence in _SENTENCE_END.split(_folded(text[:MAX_TEXT])))
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
    if _EXPLAINS.match(sentence):
        return False
    return _ENGLISH.search(sentence) is not None or _PHRASE.search(sentence) is not None
