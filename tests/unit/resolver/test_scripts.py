"""Literals in scripts."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.resolver.pages.scripts import literal_locations, number, unescaped, unquoted, variable
from linkskipper.resolver.urls.decode import decode

URL = "https://example.com/x"


@pytest.mark.parametrize(
    "script",
    [
        f'location="{URL}"',
        f"location = '{URL}';",
        f"location.href=`{URL}`",
        f"window.location = '{URL}'",
        f"window . top.location.href\n=\n'{URL}'",
        f"document.location.assign('{URL}')",
        f"self.location.replace( '{URL}' , 1)",
        f"top['x'];location['href'] = '{URL}'",
        f"if(a)location='{URL}'",
        f"setTimeout(function(){{location.href='{URL}'}}, 5000)",
        f"window.open('{URL}', '_self')",
        r"location='https:\/\/example.com\x2f\u0078'",
        f"/* location='/no' */ location='{URL}'",
        f"// location='/no'\nlocation='{URL}'",
        f"var s = \"location='/no'\"; location='{URL}'",
        f"<!--\nlocation='{URL}'\n//-->",
        f"window.open('/popup'); location.href='{URL}'",
        f"location.href='#top'; location.href='javascript:void(0)'; location='{URL}'",
        f"location.href='/a?id='+id; location='{URL}'",
        f"x.location='/no'; location='{URL}'",
    ],
)
def test_found(script: str) -> None:
    """Each way to set the location by a literal is seen; comments, strings and other objects are not it."""
    assert next(literal_locations([script])) == URL


@pytest.mark.parametrize(
    "script",
    [
        "if (location == '/x') {}",
        "if (location.href === '/x') {}",
        "location.href = next",
        "location.href = '/a?id=' + id",
        "location.href = `/a?id=${id}`",
        "mylocation = '/x'",
        "data.location = '/x'",
        "location.hash = '/x'",
        "location.reload()",
        "allocation.href='/x'",
        "// location='/x'",
        "/* location='/x' */",
        "/* location='/x'",
        "'location=\"/x\"'",
        "location = 'unclosed",
    ],
)
def test_not_found(script: str) -> None:
    """What sets no location, or none that can be known without running it, is left alone."""
    assert list(literal_locations([script])) == []


@given(st.text())
def test_any_script(script: str) -> None:
    """No script, however broken, is more than the reader can bear."""
    list(literal_locations([f"location {script}"]))
    variable([script], "a.b")


@given(st.text(st.characters(codec="utf-8")))
def test_escapes_round_trip(text: str) -> None:
    """A string literal's value is what a script would have in hand."""
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


def test_hostile_script_takes_linear_time() -> None:
    """A megabyte made to trip a backtracking engine is read in an instant."""
    hostile = "location " + "window . " * 60_000 + "location" + " " * 300_000 + "=" + "'\\" * 150_000
    assert list(literal_locations([hostile])) == []


def test_comments_that_never_end_take_linear_time() -> None:
    """Each of them reaches to the script's end, and is looked for once."""
    hostile = "location" + "''/*" * 500_000
    begin = time.process_time()
    assert list(literal_locations([hostile])) == []
    assert time.process_time() - begin < 2


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
    """What a comment says is not read; what only looks like one is no comment."""
    assert variable([script], "dest") == "yes"


@pytest.mark.parametrize("script", ["// n = 5", "/* n = 5 */", "/* n = 5", "<!-- n = 5"])
def test_variables_in_comments(script: str) -> None:
    """A variable that stands in comments alone is none."""
    assert number([script], "n") is None
    assert variable([script.replace("5", "'x'")], "n") is None


@pytest.mark.parametrize(
    "piece", ["''/*", '"', "`\\`", "(/a", "(/[", "([/(", "/**/", "//\n", "<!--", "\\", "/", "= ", "'\\", "(/\\"]
)
@pytest.mark.parametrize("end", ["//", "//\\", "//\\\n"])
def test_comments_are_told_in_linear_time(piece: str, end: str) -> None:
    """No script keeps the reader of variables busy for longer than its length."""
    begin = time.process_time()
    variable(["n = 'x';" + piece * (1_000_000 // len(piece)) + end], "n")
    assert time.process_time() - begin < 2


@given(st.text(min_size=1))
def test_any_text_decodes_or_does_not(text: str) -> None:
    """What is not in an encoding gives None, never an error."""
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
    """Decodings apply in order; one that does not fit gives nothing."""
    assert decode(text, decodings) == value  # type: ignore[arg-type]
