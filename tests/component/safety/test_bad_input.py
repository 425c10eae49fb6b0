"""Hostile pages, and files that are not pages, end with a typed reason within the limits. Everything else continues."""

from collections.abc import Mapping
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import CookieJar, Response, Url
from linkskipper.resolver import LinkResolver, PageReader, Reason
from linkskipper.resolver.pages.parse_cost import MAX_ATTRIBUTES, MAX_DEPTH, MAX_TAGS
from support.heartbeat import heartbeat
from support.replay import at_once
from support.shortener import TARGET, Bench, page, provider, to

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
PAGE = 2 * MIB - 1024  # just within the cap on a body
BLOCKED_AT_MOST = 0.25  # seconds
GROWN_AT_MOST = 200 * MIB
STEPS = [
    {"use": "follow"},
    {"use": "link", "selector": "a.go", "optional": True},
    {"use": "script_value", "name": "app.link", "optional": True},
    {"use": "submit", "selector": "form", "optional": True},
    {"use": "xhr", "selector": "form", "pick": "url", "optional": True},
]
EVERY_STEP = provider(steps=STEPS, limits={"timeout": 20})


def full(piece: str, before: str = "", after: str = "") -> str:
    """Return a page that repeats one piece, as large as allowed."""
    room = PAGE - len(before) - len(after)
    return before + piece * (room // len(piece.encode())) + after


def numbered(form: str, most: int = PAGE) -> str:
    """Return a page that repeats one piece, each time with a number of its own."""
    pieces: list[str] = []
    length = 0
    for number in count():
        piece = form.replace("#", str(number))
        length += len(piece)
        if length > most:
            return "".join(pieces)
        pieces.append(piece)
    raise AssertionError


TOO_MUCH = {
    "a million elements": "<p>" * 600_000,
    "nested elements": full("<div>"),
    "nested lists": full("<ul><li>"),
    "nested tables": full("<table><tr><td>"),
    "nested framesets": full("<frameset>"),
    "nested headings": full("<h1><div>"),
    "end tags": full("</q>", "<span>" * 100_000),
    "attributes": numbered(" a#", PAGE - 10).join(("<p", ">")),
    "attributes around quoted ends": numbered(" a#='>'", PAGE - 10).join(("<p", ">")),
    "attributes after a comment's quote": '<!-- <a b=" -->' + numbered(" a#", PAGE - 40).join(("<p", ">")),
    "attributes in a script's quote": '<script>a="</script>' + numbered("/a#", PAGE - 40).join(("<p", ">")),
    "attributes after a quote in a value": numbered(" a#", PAGE - 40).join(("<p a= b='", ">")),
    "attributes after a quote in a name": numbered(" a#", PAGE - 40).join(("<p a' b=c='", ">")),
    "formatting": full("<b><i><u>x</p>"),
    "formatting that multiplies": numbered("<p><b a=#>", 60_000),
    "formatting that multiplies, short": numbered("<p><b a=#>", 16_000),
    "formatting that is closed in comments alone": numbered("<p><b a=#><!-- </b></p> -->", 60_000),
    "formatting that is closed in values alone": numbered("<p a='</b></p>'><b a=# b=\"</b></p>\">", 60_000),
    "elements that are closed in titles alone": full("<title><div></title></div><div>"),
    "elements that are closed in drawings' titles alone": full("<svg><title><div></title></svg></div>"),
    "elements that are closed wrongly": full("<div></span>"),
    "elements that are closed in scripts alone": full("<div><script></div></script>"),
    "elements that are closed in a script's script": full("<div><script><!--<script></script></div></script>"),
    "elements that are closed in other names' raw text": full("<div><style></div></style>"),
    "elements that are closed in templates alone": full("<div><template></div></template>"),
    "elements that are closed in tables alone": full("<div><table></div></table>"),
    "elements that are closed in cells alone": full("<div><table><tr><td></div></table>"),
    "elements that are closed in selects alone": full("<div><select></div></select>"),
    "elements that are closed in buttons alone": full("<p><button></p></button>"),
    "elements that are closed in a CDATA section alone": full("<div><![CDATA[</div>]]>"),
    "elements that are closed in a foreign CDATA section": full("<svg><g><![CDATA[</g>]]>"),
    "scripts": full("<script>location='#'</script>"),
    "refreshes": full('<meta http-equiv=refresh content="0">'),
    "options": full("<option>", "<form><select name=x>"),
    "inputs": full("<input name=x>", "<form action=/b>"),
    "foreign elements": full("<svg><math>"),
    "templates": full("<template>"),
}
WITHIN = {
    "nothing": "",
    "nested frames": full("<iframe srcdoc='<iframe>'>"),
    "text": full("word "),
    "angle brackets": full("<"),
    "ampersands": full("&a"),
    "no characters": full("\0"),
    "a comment without end": full("-", "<!--"),
    "a title without end": full("x ", "<title>"),
    "a script without end": full("location = ", "<script>"),
    "a script of quotes": full('location="', "<script>"),
    "a script of comments": full("/*", "<script>location"),
    "a script of escapes": full("\\", "<script>location='"),
    "a script of letters": full("ü'", "<script>location"),
    "a refresh of digits": full("1", '<meta http-equiv=refresh content="', '">'),
    "a refresh of spaces": full(" ", '<meta http-equiv=refresh content="0', '">'),
    "an attribute": full("x", '<p title="', '">'),
    "as deep as may be": "<div>" * MAX_DEPTH + "</div>" * MAX_DEPTH,
    "headings as deep as may be": "<h1><div>" * (MAX_DEPTH // 2),
    "as many attributes as may be": numbered(f"<p{''.join(f' a{n}' for n in range(MAX_ATTRIBUTES - 1))} b#>", MIB),
    "formatting that multiplies, few": numbered("<p><b a=#>", 2000),
    "as many inputs as may be": "<form action=/b>" + "<input name=x>" * (MAX_TAGS - 10),
    "as many options as may be": "<form><select name=x>" + "<option>x" * (MAX_TAGS - 10),
    "as many forms as may be": "<form></form>" * (MAX_TAGS - 10),
    "a form without action": "<form><input name=x value=1></form>",
    "a form to nowhere": "<form action='http://'><input name=x></form>",
    "a form to itself": "<form action='' method=post><input name=x></form>",
    "a form of a method that is none": "<form method=dialog action='\0'><button>x</form>",
}


@pytest.mark.parametrize("name", TOO_MUCH)
async def test_too_much(bench: Bench, name: str) -> None:
    """Input that would cost a parser minutes or gigabytes is not parsed."""
    bench.put("/a", page(TOO_MUCH[name]))
    async with heartbeat() as pulse:
        resolution = await bench.resolve("http://s.test/a", EVERY_STEP)
    assert resolution.reason == Reason.BODY_TOO_LARGE
    assert pulse.longest < BLOCKED_AT_MOST
    assert pulse.grown < GROWN_AT_MOST


@pytest.mark.parametrize("name", WITHIN)
async def test_odd_pages(bench: Bench, name: str) -> None:
    """A page that is just within the limits or is malformed ends with a reason, and holds up nothing else."""
    bench.put("/a", page(WITHIN[name]))
    async with heartbeat() as pulse:
        resolution = await bench.resolve("http://s.test/a", EVERY_STEP)
    assert resolution.reason is not None
    assert resolution.target_url is None
    assert pulse.longest < BLOCKED_AT_MOST
    assert pulse.grown < GROWN_AT_MOST


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/html", b"%PDF-1.7\n\x00\xff\xfe\x80" * 1000),
        ("text/html", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100),
        ("text/html", b'{"url": "https://example.com/"}'),
        ("text/html; charset=utf-7", b"+ADw-script+AD4-location='https://example.com/'+ADw-/script+AD4-"),
        ("application/json", b'{"url": ' + b"[" * 100_000),
        ("application/xml", b'<!DOCTYPE a [<!ENTITY x "' + b"x" * 1000 + b'">]>' + b"<a>&x;</a>" * 10_000),
        ("application/octet-stream", b"<script>location='https://example.com/'</script>"),
        ("text/plain", b"<script>location='https://example.com/'</script>"),
        ("nonsense\x00/;;;=", b"<p>"),
        ("", b"\xff\xfe" + b"<\x00" * 1000),
    ],
)
async def test_what_is_no_html(bench: Bench, media_type: str, body: bytes) -> None:
    """Nothing is read from a body that is not HTML."""
    head = f"HTTP/1.1 200 X\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    bench.put("/a", head.encode("latin-1") + body)
    resolution = await bench.resolve("http://s.test/a", EVERY_STEP)
    assert resolution.target_url is None
    assert resolution.reason in {"no_destination", "not_a_link", "upstream_error"}


async def test_ten_thousand_cookies(bench: Bench) -> None:
    """In one response, ten thousand cookies exceed the limit on headers. Over many responses, 180 are kept."""
    bench.put("/a", to("/b", *(f"Set-Cookie: c{number}=1" for number in range(10_000))))
    assert (await bench.resolve("http://s.test/a")).reason == "body_too_large"
    hops = 9
    for hop in range(hops):
        cookies = (f"Set-Cookie: c{hop}-{number}={'x' * 100}; Path=/" for number in range(100))
        bench.put(f"/{hop}", to(f"/{hop + 1}", *cookies))
    bench.put(f"/{hops}", to(TARGET))
    assert (await bench.resolve("http://s.test/0")).target_url == TARGET
    assert bench.shortener.heads[-1].count("=x") == 180


async def test_a_page_of_ordinary_size_is_read(bench: Bench) -> None:
    """Long articles with thousands of elements, long data URLs and long scripts are within the caps."""
    filler = (
        "<p class='a b c'><b>Some</b> <i>words</i>, <a href=/x>a link</a> <img src='data:,x' alt='a > b'></p>" * 800
    )
    script = f"<script>if(a<b){{{'c = d + e; ' * 20_000}}}</script>".replace("<b", "< b")
    image = f"<img src='data:image/png;base64,{'A/B+' * 100_000}'>"
    bench.put("/a", page(f"{filler}{script}{image}<script>location = '{TARGET}'</script>"))
    assert (await bench.resolve("http://s.test/a", EVERY_STEP)).target_url == TARGET


class Says:
    """A transport that gives the same response to every request."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self._answer = status, CIMultiDictProxy(CIMultiDict(headers)), body

    async def fetch(
        self,
        url: Url,
        *,
        method: str = "GET",  # noqa: ARG002
        headers: Mapping[str, str] = CIMultiDict(),  # noqa: ARG002
        body: bytes | None = None,  # noqa: ARG002
        jar: CookieJar | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> Response:
        """Return the response."""
        status, fields, content = self._answer
        if jar is not None:
            jar.store(url, fields.getall("Set-Cookie", ()))
        media_type = fields.get("Content-Type", "").partition(";")[0].strip().lower()
        return Response(url, status, fields, content, media_type, None)


URLS = st.sampled_from(
    [
        "",
        "/b",
        "//",
        "http://",
        "https://example.com/x",
        "http://127.0.0.1/",
        "javascript:x",
        "\0",
        "http://[",
        "#",
        "?x",
    ]
)
FRAGMENTS = st.one_of(
    st.text(max_size=20),
    URLS,
    st.sampled_from(
        [
            *("<form", "<form method=post>", "<input name=", "<button>", "<select><option>", "<textarea>", "</form>"),
            *(
                "<script>",
                "location='",
                "app={link:'",
                "</script>",
                "<a class=go href='",
                "<base href='",
                "<!--",
                "-->",
            ),
            *("<meta http-equiv=refresh content='0;url=", "<noscript>", "<title>", "<iframe src='", "<svg>", "<b>"),
            *("'", '"', ">", "/", "=", "<p", "&#0;", "\ud800".encode("utf-8", "replace").decode(), "\ufeff"),
        ]
    ),
)
# What the reader of heads returns: text, and bytes that are not UTF-8 as lone surrogates.
HEADER_CHARACTERS = st.one_of(
    st.characters(codec="utf-8", exclude_characters="\r\n"),
    st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=["Cs"]),
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["Location", "Refresh", "Set-Cookie", "Content-Type", "Retry-After", "cf-mitigated", "X"]),
        st.one_of(URLS, st.text(HEADER_CHARACTERS, max_size=30), st.just("text/html")),
    ),
    max_size=4,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=st.sampled_from([200, 200, 200, 204, 206, 300, 302, 307, 308, 401, 404, 429, 500, 600, 999]),
    headers=HEADERS,
    fragments=st.lists(FRAGMENTS, max_size=30),
    raw=st.binary(max_size=50),
)
async def test_any_answer_ends_the_link(
    status: int, headers: list[tuple[str, str]], fragments: list[str], raw: bytes
) -> None:
    """The resolver returns a resolution for any response: a target that may be returned, or a reason."""
    body = "".join(fragments).encode("utf-8", "replace") + raw
    catalog = Catalog([Provider.model_validate(EVERY_STEP)])
    transport = Says(status, [*headers, ("Content-Type", "text/html")], body)
    async with PageReader() as reader:
        resolution = await LinkResolver(catalog, transport, reader, sleep=at_once).resolve("http://s.test/a")
    assert (resolution.target_url is None) == (resolution.reason is not None)
    assert resolution.hops
    assert "127.0.0.1" not in (resolution.target_url or "").partition("?")[0]
