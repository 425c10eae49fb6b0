"""URLs and heads that need no parser: the short way and the parser agree."""

import string

import ada_url
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from linkskipper.egress import BadUrl, HeadersTooLarge, Unreachable, parse_url
from linkskipper.egress.http1.head import MAX_FIELD_BYTES, MAX_FIELDS, parse_head
from linkskipper.egress.urls import read_url

HOSTS = (
    *("a.com", "x-1.a2.co", "a.b4", "a--b.com", "-a.com", "a_b.com", "A.com", "a", "a.com.", "a..com", ".a.com"),
    *("xn--a.com", "a.xn--b", "1.2.3.4", "0x7f.1", "a.0x1", "a.08", "\ufb01.com"),
)
PIECES = (*string.printable, "/", "/", "//", "/.", "/..", "/./", "/%2e", "/%2E.", "%2f", "?", "#", ":80", "\u00e9")
STATUS_LINES = (
    *("HTTP/1.1 200 OK", "HTTP/1.0 200", "HTTP/1.1 304 ", "HTTP/1.1 204 X", "HTTP/1.1 103 Hints"),
    *("HTTP/1.2 200 OK", "HTTP/1.1 2000", "HTTP/2 200", "HTTP/1.1  200 OK", "HTTP/1.1 200 \u00e9"),
)
LINES = (
    *("A: b", "A:b \t", "A:\t b c", "a:b:c", "B:", "A : b", " a: b", "A", "", ": b", "A: \u00e9", "A:\0"),
    *("Content-Length: 2", "Content-Length: 02", "Content-Length: 2, 2", "Content-Length: x", "Content-Length: \t2 "),
    *("Transfer-Encoding: chunked", "Connection: close", "Connection: Keep-Alive", "A: b\rC: d", "A: b\nC: d"),
)


@given(
    scheme=st.sampled_from(("http", "https")),
    host=st.sampled_from(HOSTS),
    rest=st.lists(st.sampled_from(PIECES)).map("".join),
)
@example(scheme="https", host="a.com", rest="/a/b?c=d'#e'")
@example(scheme="https", host="a" * 64 + ".com", rest="/")
def test_a_url_that_needs_no_parser(scheme: str, host: str, rest: str) -> None:
    """Every text is read as the parser reads it, and is the same URL as a reference and alone."""
    text = f"{scheme}://{host}{rest}"
    try:
        url = read_url(text)
    except BadUrl:
        with pytest.raises(BadUrl):
            read_url(text, parse_url("http://b.com/c/d"))
        return
    parsed = ada_url.URL(text)
    assert url.href == parsed.href
    assert (url.scheme, url.host, url.path) == (parsed.protocol[:-1], parsed.hostname, parsed.pathname)
    assert (url.query, url.fragment) == (parsed.search[1:], parsed.hash[1:])
    assert url.port == int(parsed.port or {"http": 80, "https": 443}[scheme])
    assert read_url(text, parse_url("http://b.com/c/d")) == url


def read_head(block: bytes, method: str) -> object:
    """Return what is read from a head, or the kind of its error."""
    try:
        head = parse_head(block, method=method, limit=MAX_FIELD_BYTES)
    except (HeadersTooLarge, Unreachable) as error:
        return type(error)
    return head.version, head.status, list(head.headers.items()), head.framing, head.length, head.keep_alive


@given(
    status=st.sampled_from(STATUS_LINES),
    lines=st.lists(st.sampled_from(LINES), max_size=5),
    more=st.sampled_from((0, MAX_FIELDS - 1, MAX_FIELDS, MAX_FIELDS + 1)),
    length=st.sampled_from((0, MAX_FIELD_BYTES - 100, MAX_FIELD_BYTES)),
    method=st.sampled_from(("GET", "HEAD")),
)
def test_a_head_that_needs_no_care(status: str, lines: list[str], more: int, length: int, method: str) -> None:
    """A head is read in one pass as it is read line by line. An empty line before it asks for the second."""
    fields = [*lines, *["A: b"] * more, *["L: " + "x" * length] * bool(length)]
    block = "".join(f"{line}\r\n" for line in (status, *fields)).encode()
    assert read_head(block, method) == read_head(b"\r\n" + block, method)
