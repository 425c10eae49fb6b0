"""Recognise pages on which a visitor proves to be a human without one of the well-known CAPTCHAs."""

import re

from selectolax.lexbor import LexborHTMLParser

from linkskipper.resolver.pages.asked import asked_for
from linkskipper.resolver.pages.secret_fields import TYPED

_PICTURES = "img, canvas, svg"
_SUM = re.compile(r"\b\d{1,3} ?[-+*x\u00d7\u2212] ?\d{1,3} ?(?:=|\?|equals)")
_MAX_REST = 40  # characters after the request, such as "before you continue"


def checks_for_human(tree: LexborHTMLParser, text: str) -> bool:
    """Return whether a page that leads nowhere asks for letters in an image, a sum, or a sign of a human.

    `text` is what the page shows, if that is little.
    """
    if any(map(_is_request, text.lower().split("\n"))):
        return True
    if tree.css_first(TYPED) is None:
        return False
    has_letters = tree.css_first(_PICTURES) is not None and asked_for("letters").search(text.lower()) is not None
    return has_letters or _SUM.search(text) is not None


def _is_request(line: str) -> bool:
    """Return whether a line begins with a request to be a human, and is not the title of something else."""
    words = line.strip()
    request = asked_for("humans").search(words)
    if request is None or request.start() > 0:
        return False
    rest = words[request.end() :]
    return len(rest) <= _MAX_REST and ":" not in rest
