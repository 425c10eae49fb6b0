"""Selectors that take long on small pages, and those that do not."""

from time import thread_time

import pytest
from selectolax.lexbor import LexborHTMLParser

from linkskipper.catalog import Catalog
from linkskipper.resolver.pages.page import SMALL_BYTES, SMALL_TAGS
from linkskipper.resolver.pages.selector_cost import MAX_PARTS, is_costly

CHEAP = [
    "a",
    "form#go-link, form[action$='/links/go'], form[action$=\"/links/a b c d ~ e\"]",
    "main > div > ul > li > a:first-of-type + a",
    ":is(a, button):is(.continue, .get-link , .go)",
    "main a",
    "a ~ a",
    "a[title='it\\' s a b c d']",
    ", ".join(["main a"] * MAX_PARTS),
]
COSTLY = [
    "a b c",
    "a\tb\nc",
    "a ~ b ~ c",
    "a b~c",
    "x:has(y):HAS(z)",
    ":is(a b, c d) > f",
    ":is(a b, c) d",
    ", ".join(["main a"] * (MAX_PARTS + 1)),
    r".\[, .x div div div div div b, .\]",  # looks like an attribute
    r".\", .x div div div div div b, .\"",  # looks like a text
    '/*"*/.x div div div b/*"*/',
]
LISTS = ", ".join(["z i"] * MAX_PARTS)


@pytest.mark.parametrize("selector", CHEAP)
def test_cheap(selector: str) -> None:
    """One search for each of a few parts is cheap. Attributes and commas contain none."""
    assert not is_costly(selector)


@pytest.mark.parametrize("selector", COSTLY)
def test_costly(selector: str) -> None:
    """The second descendant, sibling or `:has()` makes a selector costly."""
    assert is_costly(selector)


@pytest.mark.parametrize("selector", ["z i", "z ~ i", "i:has(z)", "i ~ z", "i > z", LISTS, LISTS.replace(" i", " ~ i")])
@pytest.mark.parametrize("page", ["<i>" * SMALL_TAGS, "<i></i>" * (SMALL_TAGS // 2)])
def test_cheap_selectors_are_quick(selector: str, page: str) -> None:
    """The worst selector that counts as cheap takes a moment on the worst small page."""
    assert len(page) <= SMALL_BYTES
    assert page.count("<") <= SMALL_TAGS
    assert not is_costly(selector)
    tree = LexborHTMLParser(page)
    began = thread_time()
    tree.css(selector)
    assert thread_time() - began < 0.1


def test_selectors_that_are_shipped() -> None:
    """None of them needs another process on a small page."""
    steps = [step for provider in Catalog.load().providers for step in provider.steps]
    selectors = [selector for step in steps if (selector := getattr(step, "selector", None)) is not None]
    assert len(selectors) > 10
    assert not any(map(is_costly, selectors))
