"""Pages that are made to stall their reader. Other links continue, and the link itself costs little."""

import gzip
from collections.abc import Callable
from contextlib import suppress
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.egress import Response, parse_url
from linkskipper.resolver import Reason, Stop, page_asker
from linkskipper.resolver.ad_hoc import family_of
from linkskipper.resolver.pages.moves import page_moves
from linkskipper.resolver.pages.page import SMALL_BYTES, SMALL_TAGS, Page
from linkskipper.resolver.pages.stop_rules import check_page
from linkskipper.resolver.questions import click_submission, countdown_seconds, find_links, has_timer, script_value
from support.heartbeat import heartbeat
from support.shortener import Bench, provider

MEGABYTE = 1 << 20
LONGEST = 0.1  # seconds that the loop's thread may compute at a time
STEPS = [
    {"use": "follow"},
    {"use": "link", "selector": "main a.go", "optional": True},
    {"use": "script_value", "name": "app.link", "optional": True},
    {"use": "submit", "selector": "form button", "optional": True},
    {"use": "xhr", "selector": "form", "pick": "url", "optional": True},
]
REFRESH = "<meta http-equiv=refresh content='0;url=javascript:1'>"
HOSTILE = {
    "refreshes, nested": "<div>" * 240 + REFRESH * 9000,
    "refreshes for no scripts, nested": "<body><noscript>" + "<div>" * 240 + REFRESH * 9000,
    "scripts, nested": "<div>" * 240 + "<script>location = a</script>" * 9000,
    "comments of a script": "<script>location = 1; app.link = 2;" + "//\n" * 540_000,
    "strings of a script": "<script>location = 1; app.link = 2;" + "'';" * 540_000,
    "assignments of a script": "<script>" + "location='javascript:1';" * 70_000,
    "timers of a script": "<script>" + "setTimeout(() => { location = 'javascript:1' }, 1);" * 40_000,
    "comments": "<!-- a -->" * 180_000,
    "elements": "<p>" * 9900,
    "elements, nested": ("<div>" * 240 + "</div>" * 240) * 40,
    "attributes": ("<p " + " ".join(f"a{n}=1" for n in range(250)) + ">") * 1100,
    "a huge attribute": "<a class=go href='" + "x" * (2 * MEGABYTE - 100) + "'>",
    "a huge refresh": "<meta http-equiv=refresh content='0;url=" + "x" * (2 * MEGABYTE - 100) + "'>",
    "a huge text": "<h1>" + "x " * (MEGABYTE - 100),
    "entities": "<p>" + "&CounterClockwiseContourIntegral;" * 60_000,
    "frames": "<iframe src=/x></iframe>" * 9900,
    "forms": "<form action=/x><input name=a></form>" * 4900,
    "inputs": "<form>" + "<input name=a value=b>" * 9900 + "<button>",
    "fieldsets, nested": "<form>" + "<fieldset disabled>" * 240 + "<input name=a>" * 9000 + "<button>",
    "options": "<form><select name=a>" + "<option>" * 9900,
    "bases": "<base href=/x>" * 9900,
    "charsets": "<meta charset=nonsense>" * 80_000,
    "tags without an end": "<meta " * 300_000,
    "names without an end": "<title" * 300_000,
    "quotes without an end": "<p a='" * 300_000,
    "broken UTF-8": "\udcff" * (2 * MEGABYTE - 1),
    "references that a charset lacks": "<meta charset=latin1><a class=go href='?" + "&#26085;" * 250_000 + "'>",
}


def zipped(html: str, media_type: str = "text/html") -> bytes:
    """Spell out a page of little more than a kilobyte on the way."""
    body = gzip.compress(html.encode(errors="surrogateescape")[: 2 * MEGABYTE - 1], 1)
    head = (
        f"HTTP/1.1 200 X\r\nContent-Type: {media_type}\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
async def test_the_loop_goes_on(bench: Bench, html: str) -> None:
    """The process that serves others computes for a moment at a time, and for a fraction of a second in all."""
    bench.put("/a", zipped(html))
    async with heartbeat() as pulse:  # its collection of garbage does not count: it depends on the tests before
        began = process_time()
        resolution = await bench.resolve("http://s.test/a", provider(steps=STEPS))
        seconds = process_time() - began
    assert resolution.reason is not None
    assert pulse.longest < LONGEST
    assert seconds < 4 * LONGEST


LONG = ["a " * 12 + "b", "zzz " + "a " * 12, "a ~ " * 12 + "b", "a:has(" * 12 + "b" + ")" * 12]


@pytest.mark.attack
@pytest.mark.parametrize(
    "step",
    [
        *({"use": "link", "selector": selector} for selector in LONG),
        {"use": "submit", "selector": LONG[0]},
        {"use": "xhr", "selector": LONG[0], "pick": "url"},
    ],
    ids=str,
)
async def test_a_selector_that_takes_long(bench: Bench, step: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider file and a page of 2 KB that are made for each other keep nobody waiting."""
    monkeypatch.setattr(page_asker, "READING_SECONDS", 0.1)
    bench.put("/a", zipped("<a>" * 3 + "<i><a>" * 190))
    async with heartbeat() as pulse:
        resolution = await bench.resolve("http://s.test/a", provider(steps=[step]))
    assert resolution.reason is not None
    assert pulse.longest < LONGEST


async def test_a_long_selector_that_is_right(bench: Bench) -> None:
    """A selector with many parts finds its element as a short one does."""
    bench.put("/a", zipped("<main><div><ul><li><p><a href=https://x.test/target>"))
    steps = [{"use": "link", "selector": "main div ul li p a"}]
    assert (await bench.resolve("http://s.test/a", provider(steps=steps))).target_url == "https://x.test/target"


async def test_a_link_of_many_pages(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages of a link share the time for reading."""
    monkeypatch.setattr(page_asker, "READING_SECONDS", 0.1)
    costly = "<div>" * 240 + "<i></i>" * 9000  # takes some 0.03 s
    for number in range(30):
        refresh = f"<meta http-equiv=refresh content='0;url=/{number + 1}'>"
        bench.put(f"/{number}", zipped(refresh + costly))
    resolution = await bench.resolve("http://s.test/0", provider(steps=STEPS, limits={"max_hops": 30, "timeout": 60}))
    assert resolution.reason == Reason.BODY_TOO_LARGE
    assert len(resolution.hops) > 1


async def test_large_json(bench: Bench) -> None:
    """The response to a script is read in the other process too."""
    bench.put("/a", zipped("<form action=/b method=post><input name=a></form>"))
    bench.put("/b", zipped("[" + "{}," * 650_000 + "{}]", "application/json"))
    async with heartbeat() as pulse:
        resolution = await bench.resolve("http://s.test/a", provider(steps=STEPS[-1:]))
    assert resolution.reason is not None
    assert pulse.longest < LONGEST


PIECES = [
    *("<b>", "<a class=go href=a>", "<div>", "<p>", "</b>", "</p>", "</div>", "<table>", "<td>", "<form>", "<button>"),
    *(
        "<input name=a>",
        "<select>",
        "<option>",
        "<fieldset disabled>",
        "<svg>",
        "<template>",
        "<noscript>",
        "<base href=a>",
    ),
    *(
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<",
        ">",
        "'",
        '"',
        "`",
        "/*",
        "*/",
        "//",
        "\n",
        "=",
        "a",
        " ",
        "&lt;",
        "\\",
    ),
    *("location", "location=", "setTimeout(", "function(){", "}", ")", "[", "{", "app.link", "app_vars.counter_value:"),
    *("<title>", "<h1>", "<meta charset=latin1>", "<meta http-equiv=refresh content='0;url=a'>", "<nobr>", "<i id=1>"),
]
QUESTIONS: tuple[Callable[[Page], object], ...] = (
    check_page,
    family_of,
    has_timer,
    lambda page: page_moves(page, lambda _: True),
    lambda page: find_links(page, "div a.go", "href"),
    lambda page: script_value(page, "app.link", None),
    lambda page: countdown_seconds(page, "app_vars.counter_value"),
    lambda page: click_submission(page, "form, button", waited=True),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join), min_size=1, max_size=3))
def test_small_pages_are_cheap(pieces: list[str]) -> None:
    """Each question about any page that is read in the process of the loop takes a moment of processor time."""
    share = SMALL_BYTES // len(pieces)
    html = "".join(
        piece * min(share // len(piece), SMALL_TAGS // len(pieces) // max(piece.count("<"), 1)) for piece in pieces
    )
    page = Page(
        Response(parse_url("http://s.test/"), 200, CIMultiDictProxy(CIMultiDict()), html.encode(), "text/html", None)
    )
    assert page.is_small
    for question in QUESTIONS:
        began = process_time()
        with suppress(Stop):
            question(page)
        assert process_time() - began < LONGEST
