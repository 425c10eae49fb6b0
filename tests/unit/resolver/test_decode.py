"""Decoding what a link carries."""

import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.catalog.steps import FromQueryStep
from linkskipper.resolver.urls.decode import MAX_TEXT, decode

NAMES = ("uri", "base64", "base64url", "hex", "reverse", "proofpoint3")
CHANGES: tuple[dict[str, Any], ...] = (
    {"prefix": "a"},
    {"suffix": "b"},
    {"add_prefix": "https://"},
    {"replace": {"-": "%", "\\": ""}},
    {"pattern": "(h[^ ]+)"},
)


def decoded(text: str, *decodings: object) -> str | None:
    """Decode as a step of a file does."""
    return decode(text, FromQueryStep.model_validate({"use": "from_query", "decode": decodings}).decode)


@pytest.mark.parametrize(
    ("text", "decodings", "value"),
    [
        ("a1aHR0cHM", [{"prefix": "a1"}, "base64url"], "http" + "s"),
        ("a0aHR0cHM", [{"prefix": "a1"}, "base64url"], None),
        ("x.html", [{"suffix": ".html"}], "x"),
        ("x.htm", [{"suffix": ".html"}], None),
        ("example.com/", [{"add_prefix": "https://"}], "https://example.com/"),
        ("https-3A__a-2Db", [{"replace": {"-": "%", "_": "/"}}, "uri"], "https://a-b"),
        ("a\\/b", [{"replace": {"\\": ""}}], "a/b"),
        ("/RU=x/RK=2", [{"pattern": "/RU=([^/]+)"}], "x"),
        ("/RU=/RK=2", [{"pattern": "/RU=([^/]*)"}], None),
        ("abc", [{"pattern": "x(y)"}], None),
        ("CBMiAWH_", ["base64url", {"pattern": "([a-z]+)"}], "a"),
        ("CBMiAWH_", ["base64url"], None),
        ("é", [{"pattern": "(.)"}], "é"),
    ],
)
def test_changes(text: str, decodings: list[object], value: str | None) -> None:
    """Each change fits, or gives nothing. Bytes that are not UTF-8 may stand around what a pattern keeps."""
    assert decoded(text, *decodings) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("__https://a.test/x__;!!k$", "https://a.test/x"),
        ("__https://a.test/x?q=a*b__;Kw!!k$", "https://a.test/x?q=a+b"),
        ("__https://a.test/**A**B__;YWJjZGU!!k$", "https://a.test/abcde"),
        ("__https://a.test/%2a__;Kw!!k$", "https://a.test/+"),
        ("__https://a.test/x__y__;!!k$", "https://a.test/x__y"),
        ("__https://a.test/*__;w6k!!k$", "https://a.test/é"),
        ("__https://a.test/x__%3B%21%21k$", "https://a.test/x"),
        (
            "__https://a.test/**___;" + urlsafe_b64encode(b"x" * 65).decode().rstrip("=") + "!",
            "https://a.test/" + "x" * 65,
        ),
        ("__https://a.test/*__;!!k$", None),
        ("__https://a.test/**B__;YWI!!k$", None),
        ("__https://a.test/**!__;YWI!!k$", None),
        ("__https://a.test/x", None),
        ("https://a.test/x__;!!k$", None),
        ("__https://a.test/*__;A!!k$", None),
    ],
)
def test_proofpoint3(text: str, value: str | None) -> None:
    """A star is the next hidden character, two stars and a letter are several. Too few characters give nothing."""
    assert decoded(text, "proofpoint3") == value


@given(
    text=st.text() | st.text(alphabet="_*;!AbC=%3-/"),
    decodings=st.lists(st.sampled_from([*NAMES, *CHANGES]), max_size=6),
)
def test_any_text(text: str, decodings: list[object]) -> None:
    """Every text decodes to Unicode text that is not too long, or to nothing."""
    value = decoded(text, *decodings)
    assert value is None or (len(value) <= MAX_TEXT and value.encode().decode() == value)


@pytest.mark.parametrize("unit", ["_", "*", "__", "**", "__;", "**A", "%", "%3B", "a", "=", "-", "\\", "https://"])
def test_linear_time(unit: str) -> None:
    """A long text takes no long time, whatever it repeats."""
    text = "__" + unit * (32_000 // len(unit))
    begin = time.process_time()
    for decoding in (*NAMES, *CHANGES):
        decoded(text, decoding)
        decoded(text + "__;" + "A" * 1000 + "!", decoding)
    assert time.process_time() - begin < 1


def test_growth_is_bounded() -> None:
    """Changes that make the text longer each time end in nothing."""
    grow = {"replace": {"a": "aaa"}}
    assert decoded("a" * 100, *[grow] * 10) is None
    assert decoded("a", grow, grow) == "a" * 9
