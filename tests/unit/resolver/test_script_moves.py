"""Scripts that are read without running them, and those that only running tells."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkskipper.resolver.pages.script_moves import ScriptMove, read_script

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
        f"self.location.replace( '{URL}' )",
        f"location['href'] = '{URL}'",
        f"window.open('{URL}', '_self')",
        r"location='https:\/\/example.com\x2f\u0078'",
        f"/* location='/no' */ location='{URL}'",
        f"// location='/no'\nlocation='{URL}'",
        f"<!--\nlocation='{URL}'\n//-->",
        f"'use strict'; var a = 1, b = 'x', c = [];\nwindow.opener = null; document.title = 'x'\nlocation='{URL}'",
        f"console.log('on'); location='{URL}'",
    ],
)
def test_read(script: str) -> None:
    """A script of statements that always run, with literals, opens what it says. Comments do not count."""
    assert read_script(script) == (ScriptMove(URL),)


@pytest.mark.parametrize(
    "script",
    [
        f"setTimeout(function () {{ location.href = '{URL}'; }}, 5000)",
        f"window.setTimeout(() => location.replace('{URL}'), 5000);",
        f"setTimeout(() => {{ location = '{URL}' }}, 5000)",
        f"setTimeout(\"location.href = '{URL}'\", 5000);",
    ],
)
def test_timers(script: str) -> None:
    """A timer that always runs opens its page after its time, which is in milliseconds."""
    assert read_script(script) == (ScriptMove(URL, 5.0),)


def test_order() -> None:
    """All URLs that a script opens are returned in order, with those that open a new window."""
    script = "window.open('/popup'); location.href = '/a'\nlocation.href = '/b'"
    assert read_script(script) == (ScriptMove("/popup", opens_window=True), ScriptMove("/a"), ScriptMove("/b"))


@pytest.mark.parametrize(
    "script",
    [
        *("if (a) location = '/x'", "a && (location = '/x')", "for (;;) location = '/x'", "{ location = '/x' }"),
        *("function go() { location = '/x' }", "(function () { location = '/x' })()", "go(); location = '/x'"),
        *(
            "location = next",
            "location = '/x' + id",
            "location = '/x'\n+ id",
            "location = `/a${id}`",
            "location = '/x'.y",
        ),
        *(
            "location = atob('x')",
            "location = '/x', a()",
            "location = ('/x')",
            "location = '/x' || y",
            "location += '/x'",
        ),
        *("location = '/x'; throw 1", "location = '/x'; var a = ;", "location = '/x' location = '/y'", "location = 'x"),
        *(
            "var location = '/x'",
            "let a = 1; location = '/x'",
            "x.location = '/x'",
            "location.hash = '/x'",
            "location.reload()",
        ),
        *(
            "location = 'javascript:go()'",
            "location = '#top'",
            "location = '/x'; location = 'intent://x'",
            "location = '\\101'",
        ),
        *("setTimeout(go, 1); var location2", "setTimeout(function () { location = a }, 1)", "setTimeout('go()', 1)"),
        *("setTimeout(function () { location = '/x' }, n)", "setTimeout(function () { a(); location = '/x' }, 1)"),
        *(
            "document.write('<p>')",
            "a.click()",
            "document.forms[0].submit()",
            "history.back()",
            "eval(a)",
            "import('/x')",
        ),
        *("window['loc' + 'ation'] = '/x'", "window[a] = '/x'", "w\\u0069ndow.x = 1", "self ?. [a]", "a = {[b]: 1}"),
        *("document.querySelector('meta').content = a", "setTimeout(a)", "new Function(a)", "navigation.navigate(a)"),
    ],
)
def test_not_read(script: str) -> None:
    """Anything else that could open a page is left to a browser."""
    assert read_script(script) is None


@pytest.mark.parametrize(
    "script",
    [
        *("", "var a = 1", "mylocation = '/x'", "allocation()", "a[0] = b['c']", "if (a < 1) { b() }"),
        "window.dataLayer = window.dataLayer || [];function gtag() { dataLayer.push(arguments) }gtag('js', new Date())",
    ],
)
def test_harmless(script: str) -> None:
    """A script that names nothing that could open a page opens none."""
    assert read_script(script) == ()


@given(st.text())
def test_any_script(script: str) -> None:
    """No script, however broken, is more than the reader can bear."""
    read_script(f"location {script}")
    read_script(f"location = '/x'; {script}")


@pytest.mark.parametrize(
    "script",
    [
        "location " + "window . " * 60_000 + "location" + " " * 300_000 + "=" + "'\\" * 150_000,
        *(
            f"location{piece * 400_000}"
            for piece in ("''/*", "/*", "/**/", "//\n", "[a", "\n", " = '/x'", "<!--", "\\")
        ),
        *(
            f"{piece * 100_000}location"
            for piece in ("location='x';", "a ", "var a=1;", "a,", "setTimeout(", "open('a',")
        ),
        "var a=1" + ",a=1" * 200_000 + ", location",
        "open('a'" + ",1" * 300_000,
    ],
    ids=lambda script: script[:12],
)
def test_hostile_scripts_take_linear_time(script: str) -> None:
    """A megabyte made to trip a backtracking engine is read in an instant."""
    begin = time.process_time()
    read_script(script)
    assert time.process_time() - begin < 2
