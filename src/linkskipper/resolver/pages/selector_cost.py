"""Tell selectors that could keep a parser busy for hours, however small the page is.

For each descendant or sibling combinator and each `:has()`, the parser goes through the elements around once more: with
ten of them, a page of 400 nested elements takes longer than anybody lives. Two take a third of a second.
"""

import re

MAX_SEARCHES = 1
"""Combinators and `:has()` in a part of a selector that takes a few milliseconds on any small page."""

MAX_PARTS = 10

_TEXT = re.compile(r"\\.|\"(?:\\.|[^\"\\])*+\"|'(?:\\.|[^'\\])*+'", re.DOTALL)
_ATTRIBUTE = re.compile(r"\[[^\]]*\]")
_AROUND = re.compile(r"\s*([,>+~])\s*")
_SEARCH = re.compile(r"\s+|~|:has\b", re.IGNORECASE)


def is_costly(selector: str) -> bool:
    """Return whether a selector may take long on a small page. The count may overestimate but not underestimate.

    Parts that commas separate are counted one by one, unless they may be inside parentheses. Escapes and comments can
    hide where a part begins outside of texts, and no provider needs them.
    """
    if "/*" in selector or any(text[0].startswith("\\") for text in _TEXT.finditer(selector)):
        return True
    bare = _AROUND.sub(r"\1", _ATTRIBUTE.sub("", _TEXT.sub("", selector.strip())))
    parts = [bare] if "(" in bare else bare.split(",")
    searches = [len(_SEARCH.findall(part)) for part in parts]
    return max(searches) > MAX_SEARCHES or sum(searches) > MAX_PARTS
