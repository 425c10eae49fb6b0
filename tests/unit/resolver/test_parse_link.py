"""What people paste, and the link that is found in it."""

import hashlib
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.catalog import Catalog, DiscontinuedService, Provider
from linkskipper.resolver import Unsupported, parse_link
from support.shortener import Bench, provider

CATALOG = Catalog(
    [Provider.model_validate(provider("bit.ly")), Provider.model_validate(provider("*.sub.test"))],
    [DiscontinuedService(hosts=("dead.test",), label="Dead", closed=date(2020, 1, 31), reason="It closed.")],
)


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("https://bit.ly/abc", "https://bit.ly/abc"),
        ("  \n https://bit.ly/abc \t", "https://bit.ly/abc"),
        ("HTTP://BIT.LY/aBc", "http://bit.ly/aBc"),
        ("bit.ly/abc", "https://bit.ly/abc"),
        ("a.sub.test/x?y#z", "https://a.sub.test/x?y#z"),
        ("bit.ly:443/abc", "https://bit.ly/abc"),
        ("Look at https://bit.ly/abc!", "https://bit.ly/abc"),
        ("(see https://bit.ly/abc).", "https://bit.ly/abc"),
        ("https://bit.ly/a(b) and so on", "https://bit.ly/a(b)"),
        ("<https://bit.ly/abc>", "https://bit.ly/abc"),
        ("\u201chttps://bit.ly/abc\u201d", "https://bit.ly/abc"),
        ("https://bit.ly/abc https://example.com/", "https://bit.ly/abc"),
        ("https://bit.ly/abc_", "https://bit.ly/abc_"),
        ("https://bit.ly./abc", "https://bit.ly./abc"),
    ],
)
def test_found(text: str, href: str) -> None:
    """White space, missing schemes, prose and its punctuation do not hide a link."""
    link = parse_link(text, CATALOG)
    assert link.url.href == href
    assert link.key == hashlib.sha256(href.encode()).digest()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no URL"),
        ("hello world", "no URL"),
        ("example.com/abc", "no URL"),
        ("https://", "no URL"),
        ("https://bit.ly/", "page of A"),
        ("bit.ly", "page of A"),
        ("https://bit.ly", "page of A"),
        ("https://example.com/abc", "example.com is not a shortener"),
        ("https://xbit.ly/abc", "not a shortener"),
        ("https://sub.test/abc", "not a shortener"),
        ("https://example.com/?u=https://bit.ly/abc", "example.com is not"),
        ("https://dead.test/abc", "Dead closed on 31 January 2020: It closed."),
        ("dead.test/abc", "Dead closed"),
        ("ftp://bit.ly/abc", "ftp: links are not supported"),
        ("javascript:alert(1)", "javascript: links"),
        ("https://bit.ly\\abc", "no URL"),
        ("https://user@bit.ly/abc", "no URL"),
        ("https://bit.ly/a\x00b", "no URL"),
        ("https://bit.ly/\ud800", "no URL"),
        ("https://127.0.0.1/abc", "not a shortener"),
        ("https://bit.ly:99999/abc", "no URL"),
    ],
)
def test_not_found(text: str, said: str) -> None:
    """What is no link of a supported provider is told apart, in words that help."""
    with pytest.raises(Unsupported, match=said.replace("(", r"\(")):
        parse_link(text, CATALOG)


@given(st.text())
def test_any_text(text: str) -> None:
    """No text does anything but give a link or be refused."""
    for pasted in (text, f"https://bit.ly/{text}", f"{text} https://bit.ly/{text}"):
        with suppress(Unsupported):
            assert parse_link(pasted, CATALOG).provider.label == "A"


async def test_unsupported_text_resolves_to_invalid(bench: Bench) -> None:
    """The resolver answers with what intake says; nothing is raised and nothing sent."""
    resolution = await bench.resolve("http://example.com/x")
    assert (resolution.status, resolution.reason) == ("invalid", "unsupported_link")
    assert (resolution.provider, resolution.tier, resolution.cost, resolution.hops) == (None, None, 0, ())
