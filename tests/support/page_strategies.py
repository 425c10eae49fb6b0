"""Pages that lead on in many ways at once, made up by Hypothesis."""

import re
from dataclasses import dataclass

from hypothesis import strategies as st

HOST = "{host}"  # stands for the host that a page is served at
END = "https://end.example"  # where every other path of that host leads

STATUSES = (*(200,) * 30, 201, 203, 206, 300, *(301, 302, 303, 307, 308), 305, 400, 401, 403, 404, 410, 418, 500, 503)
SPELLINGS = (
    *("https://d#.example/a?b=c", "HTTPS://D#.Example/A/../b?q=%7e", "https://d#.example/#f", "//d#.example/x"),
    *("https:///d#.example/x", "https://d#.example\\a\\b?c=\\d", "https://d#.example/a\tb", "https://d#.example/a b"),
    *("http:d#.example/x", "https://d#.example:443/x", "https://d#.example:8443/x", "https://user:pw@d#.example/x"),
    *("/next#", "next#?a=1", "?next#", "./a/../next#", "https://d#.example", " https://d#.example/x ", "/next#\\x"),
)
ODD = ("mailto:a#@example.com", "", "#top", "javascript:void(#)", "http://[#", "https://d#.example/%zz%c3", "tel:+#")
SHUT = ("Content-Disposition: attachment", "Content-Security-Policy: default-src 'self'")
TYPES = ("text/html", "text/html; charset=utf-8", "TEXT/HTML;charset=ISO-8859-1", "text/html; charset=windows-1251")


@dataclass(frozen=True)
class Sample:
    """One page.

    Attributes:
        reply: The bytes that the server sends.
        rest: The seconds in which its last timer or refresh has happened for certain.
        is_for_browser: Whether the browser engine resolves it from its first request on.
    """

    reply: bytes
    rest: float
    is_for_browser: bool


@dataclass
class Numbers:
    """Gives each URL of a page a number of its own, so that the destination says which of them won."""

    last: int = 0

    def put(self, spelling: str) -> str:
        """Put the next number into a URL."""
        self.last += 1
        return spelling.replace("#", str(self.last), 1)


def scripts(url: str) -> st.SearchStrategy[str]:
    """Scripts that open a URL, or that only look as if they would."""
    literal = '"' + url.replace("\\", "\\\\").replace("\t", "\\t") + '"'
    return st.sampled_from([
        f"location = {literal}",
        f"window.location.href = {literal};",
        f"document.location.replace({literal})",
        f"top.location.assign( {literal} );",
        f"<!--\nself.location={literal};\n//-->",
        f"/* location = 'https://no.example/' */ location.href={literal}",
        f"var target = {literal}; location = target",
        f"location = {literal} + ''",
        f"if (navigator.userAgent) location = {literal}",
        f"if (!navigator.userAgent) location = {literal}",
        f"function go() {{ location = {literal} }}",
        f"(function () {{ location.replace({literal}) }})()",
        f"missing(); location = {literal}",
        f"location = {literal}; missing()",
        f"location = {literal}; var broken = ;",
        f"try {{ location.href = {literal} }} catch (e) {{}}",
        f"window['loca' + 'tion'] = {literal}",
        f"var links = {{a: {literal}}}; location = links['a']",
        f"setTimeout(function () {{ location = {literal} }}, 10)",
        f"setTimeout(function () {{ location.href = {literal} }}, 2500)",
        f"document.write('<script>location=' + {literal!r} + '<\\/script>')",
        f"var a = document.createElement('a'); a.href = {literal}; a.click()",
        f"window.open({literal}, '_self')",
        f"document.title = {literal}",
        f"var unused = {literal};",
        "window.opener = null",
    ])  # fmt: skip


@st.composite
def pieces(draw: st.DrawFn, numbers: Numbers) -> str:
    """A part of a page that leads on, perhaps."""
    url = numbers.put(draw(st.sampled_from(SPELLINGS if draw(st.integers(0, 9)) else ODD)))
    kind = draw(st.sampled_from(("meta", "script", "script", "script", "meta", "base", "other")))
    if kind == "meta":
        delay = draw(st.sampled_from(("0", "0", "2", "0.1", "", " 0 ", "00", "2.9", "x", "-1")))
        mark = draw(st.sampled_from((";url=", "; URL = ", ", ", ";", " url=", ";url='", " ; ")))
        name = draw(st.sampled_from(("refresh", "Refresh", "REFRESH")))
        return f'<meta http-equiv={name} content="{delay}{mark}{url}">'
    if kind == "base":
        return f'<base href="{url}">'
    if kind == "script":
        attributes = draw(st.sampled_from((*[""] * 5, " type=module", " nomodule", " type=x")))
        return f"<script{attributes}>{draw(scripts(url))}</script>"
    return draw(
        st.sampled_from(
            [
                f"<body onload=\"location='{url.replace(chr(92), '/')}'\">",
                f"<template><script>location='{url}'</script></template>",
                f"<!-- <script>location='{url}'</script> -->",
                f'<textarea><meta http-equiv=refresh content="0;url={url}"></textarea>',
                f"<img src=data:, onerror=\"location='{url.replace(chr(92), '/')}'\">",
                f'<p onclick="location=\'{url}\'">x</p><a href="{url}">y</a>',
                "<script src=https://cdn.example/lib.js></script>",
                '<meta http-equiv="Content-Security-Policy" content="script-src \'none\'">',
                "<h1>Hello</h1><p>One moment.",
                f"<svg><script>location='{url.replace(chr(92), '/')}'</script></svg>",
            ]
        )
    )


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    """A page with up to four parts, and headers."""
    numbers = Numbers()
    status = draw(st.sampled_from(STATUSES))
    headers = [f"Content-Type: {draw(st.sampled_from(TYPES))}"]
    if draw(st.integers(0, 3)) == 0 or status in {301, 302, 303, 307, 308}:
        headers += [f"Location: {numbers.put(draw(st.sampled_from((*SPELLINGS, ''))))}"]
    if draw(st.integers(0, 5)) == 0:
        delay = draw(st.sampled_from(("0", "2", "0.5")))
        headers += [f"Refresh: {delay}; url={numbers.put(draw(st.sampled_from(SPELLINGS)))}"]
    if draw(st.integers(0, 15)) == 0:
        headers += [draw(st.sampled_from(SHUT))]
    body = "<!doctype html><title>x</title>" + "".join(draw(st.lists(pieces(numbers), max_size=4)))
    encoded = body.encode("utf-8")
    head = "\r\n".join([f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(encoded)}", "", ""])
    is_slow = re.search(r"2500|content=\"2|Refresh: 2", head + body)
    return Sample(head.encode() + encoded, 4.0 if is_slow else 0.7, draw(st.integers(0, 4)) == 0)
