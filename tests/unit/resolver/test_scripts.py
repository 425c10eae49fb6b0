"""Variables in scripts."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.resolver.pages.scripts import number, unescaped, unquoted, variable
from linkskipper.resolver.urls.decode import decode

URL = "https://example.com/x"


@given(st.text())
def test_any_script(script: str) -> None:
    """The reader accepts any script, however broken."""
    variable([script], "a.b")


@given(st.text(st.characters(codec="utf-8")))
def test_escapes_round_trip(text: str) -> None:
    """A string literal decodes to the value that a script would see."""
    escaped = "".join(f"\\u{{{ord(char):x}}}" for char in text)
    assert unquoted(f'"{escaped}"') == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\/\/", "//"),
        (r"\x41\u0042\u{43}", "ABC"),
        (r"\ud83d\ude00", "😀"),
        (r"a\nb", "a\nb"),
        (r"\q", "q"),
        ("a\\\nb", "ab"),
        (r"\ud83d", "\ufffd"),
        ("a\\", "a\\"),
    ],
)
def test_escapes(text: str, value: str) -> None:
    """Escapes are decoded as JavaScript does."""
    assert unescaped(text) == value


@pytest.mark.parametrize(
    "script",
    [
        "// dest = '/no'\nvar dest = 'yes'",
        "/* dest = '/no' */ dest = 'yes'",
        "<!-- dest = '/no'\ndest = 'yes'",
        "a = 1 /* // */; dest = 'yes'",
        "var a = 'http://'; dest = 'yes'",
        "var a = \"/*\", b = `//`, dest = 'yes'",
        r"if (/^https?:\/\//.test(a)) dest = 'yes'",
        "a.replace(/[/*'\"]/g, ''); dest = 'yes'",
        "var a = 4 / 2 / 1; dest = /* now */ 'yes'",
        "a = 'it\\'s' // isn't\ndest = 'yes' // it's",
        "var o = {a: 'x', // don't\n dest: 'yes'}",
        "a = /unclosed\ndest = 'yes'",
        "var s = 'unclosed\ndest = 'yes'",
    ],
)
def test_variables_among_comments(script: str) -> None:
    """Text in a comment is ignored. Text that only looks like a comment is read."""
    assert variable([script], "dest") == "yes"


@pytest.mark.parametrize("script", ["// n = 5", "/* n = 5 */", "/* n = 5", "<!-- n = 5"])
def test_variables_in_comments(script: str) -> None:
    """A variable that appears only in comments is not found."""
    assert number([script], "n") is None
    assert variable([script.replace("5", "'x'")], "n") is None


@pytest.mark.parametrize(
    "piece", ["''/*", '"', "`\\`", "(/a", "(/[", "([/(", "/**/", "//\n", "<!--", "\\", "/", "= ", "'\\", "(/\\"]
)
@pytest.mark.parametrize("end", ["//", "//\\", "//\\\n"])
def test_comments_are_told_in_linear_time(piece: str, end: str) -> None:
    """The reader of variables needs a time in proportion to a script's length."""
    begin = time.process_time()
    variable(["n = 'x';" + piece * (1_000_000 // len(piece)) + end], "n")
    assert time.process_time() - begin < 2


@given(st.text(min_size=1))
def test_any_text_decodes_or_does_not(text: str) -> None:
    """Text that is not in an encoding gives None, never an error."""
    for decoding in ("uri", "base64", "base64url", "hex", "reverse"):
        decode(text, [decoding])


@pytest.mark.parametrize(
    ("text", "decodings", "value"),
    [
        ("a%20b", ["uri"], "a b"),
        ("a%2520b", ["uri", "uri"], "a b"),
        ("Pz8_", ["base64url"], "???"),
        ("Pz8/", ["base64"], "???"),
        ("Pz8_", ["base64"], None),
        ("YQ", ["base64"], "a"),
        ("=QY", ["reverse", "base64"], "a"),
        ("6z", ["hex"], None),
        ("%ff", ["uri"], None),
        ("x", [], "x"),
    ],
)
def test_decodings(text: str, decodings: list[str], value: str | None) -> None:
    """Decodings apply in order. A decoding that does not fit gives None."""
    assert decode(text, decodings) == value  # type: ignore[arg-type]
