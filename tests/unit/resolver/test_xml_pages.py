"""Pages that browsers parse as XML: which of them may do anything by themselves."""

import time

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.egress import Response, parse_url
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.pages.xml_pages import may_be_active, may_refresh, reads_as_html

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
SVG = 'xmlns="http://www.w3.org/2000/svg"'


def page_of(text: str, *headers: tuple[str, str]) -> Page:
    fields = CIMultiDictProxy(CIMultiDict(headers))
    return Page(Response(parse_url("https://s.test/a"), 200, fields, text.encode(), "application/xml", "utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        f"<html {XHTML}><script>x()</script></html>",
        f"<h:html {XHTML.replace('=', ':h=', 1)}><h:script/></h:html>",
        f"<html {XHTML}><body onload = 'x()'/></html>",
        f"<html {XHTML}><IFRAME src='/x'/></html>",
        f"<html {XHTML}><a href=' javascript:x()'/></html>",
        f"<svg {SVG}><script>x()</script></svg>",
        "<html xmlns='http://www.w3.org/1999/&#120;html'><script/></html>",
        '<?xml-stylesheet href="/x.xsl"?><rss/>',
        f"<rss><div {XHTML}><script/></div></rss>",
    ],
)
def test_active(text: str) -> None:
    """Scripts, frames, handlers of events and style sheets may lead elsewhere."""
    assert may_be_active(page_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "<rss><description>JavaScript</description></rss>",
        "<feed><script>x()</script><iframe src='/x'/></feed>",
        f"<html {XHTML}><meta name='description' content='JavaScript: one=1, a refresh'/></html>",
        f"<html {XHTML}><a href='/?online=1'>on x=1</a><basefont/><framework/></html>",
        f"<html {XHTML}><meta http-equiv='Content-Type' content='refresh'/>refresh</html>",
        f"<svg {SVG}><desc>Description</desc></svg>",
        "<x xmlns='urn:a' b='&amp;'><script/></x>",
    ],
)
def test_passive(text: str) -> None:
    """Words that resemble scripts and refreshes do nothing, and elements outside of the namespaces neither."""
    assert not may_be_active(page_of(text))
    assert not may_refresh(page_of(text))


def test_refreshes() -> None:
    """A refresh is in a header, or in an element of XHTML, whatever the case and the quotes of its name."""
    assert may_refresh(page_of("<rss/>", ("Refresh", "0;url=/b")))
    for name in ('"refresh"', "'REFRESH'", '" refresh"', "'&#114;efresh'"):
        meta = f"<meta content='0;url=/b' http-equiv = {name}/>"
        assert may_refresh(page_of(f"<html {XHTML}>{meta}</html>"))
        assert not may_refresh(page_of(f"<html>{meta}</html>"))


@pytest.mark.parametrize("end", ["", XHTML, f"<p {XHTML}"])
@pytest.mark.parametrize(
    "unit",
    ["<html ", "<html xmlns=", " xmlns:xmlns", " xmlns='", " http-equiv='", " on", " onx ", "<a", "<a:", "\n", "="],
)
def test_linear_time(unit: str, end: str) -> None:
    """A long page takes a time in proportion to its length, whatever it repeats."""
    page = page_of(unit * (250_000 // len(unit)) + end)
    begin = time.process_time()
    may_be_active(page)
    may_refresh(page)
    reads_as_html(page)
    assert time.process_time() - begin < 1
