"""The search for words that comes before the selectors of CAPTCHAs and challenges."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from linkskipper.resolver.pages.gates import CAPTCHA, CHALLENGE, asks_for, may_ask, may_have_gate


@pytest.mark.parametrize("selector", f"{CAPTCHA}, {CHALLENGE}".split(", "))
def test_every_selector_has_a_word(selector: str) -> None:
    """Whatever matches a selector has a word of the search, also in capitals."""
    assert may_have_gate(selector)
    assert may_have_gate(selector.upper())


def test_hidden_words() -> None:
    """A character reference may hide a word, so the selectors decide. A page without both is not looked at."""
    assert may_have_gate('<div class="g-re&#99;aptcha"></div>')
    assert not may_have_gate("<p>Wait for your link.</p>")


@pytest.mark.parametrize("kind", ["password", "PassWord", "&#112;assword", "p&#x61;ssword"])
def test_every_field_for_a_password_has_the_word(kind: str) -> None:
    """A page that asks for a password has the word or a character reference. A page without both is not looked at."""
    page = f"<form><input type={kind}></form>"
    assert asks_for(LexborHTMLParser(page)) == "password"
    assert may_ask(page)
    assert not may_ask("<form><input type=text></form>")
