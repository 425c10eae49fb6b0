"""Hostile pages: each soon ends with a reason of its own, and no other link waits for it."""

import asyncio
import time

import pytest

from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.parse_cost import check_parse_cost
from support.shortener import TARGET, Bench, answer, page, provider, to

HOST = "http://s.test"
SUBMIT = provider(steps=[{"use": "submit", "selector": "form"}, {"use": "follow"}])
MEGABYTE = 1 << 20


def nested(tag: str, times: int, end: str = "") -> str:
    return f"<{tag}>" * times + end


COSTLY = {
    "a million elements": "<a>" * (2 * MEGABYTE // 3),
    "a million line breaks": "<br>" * (2 * MEGABYTE // 4),
    "deep": nested("div", 400_000),
    "deep, closed wrongly": nested("span", 1000, "</p>" * 100_000),
    "formatting, closed wrongly": "".join(f"<b id={n}><div>" for n in range(1000)) + "</b>" * 3000,
    "formatting, closed wrongly, not so deep": "".join(f"<b id={n}><div>" for n in range(120)) + "</b>" * 9000,
    "end tags in comments": "<b><!--</b>-->" * 5000,
    "end tags in attributes": "<b><i title='</b>'></i>" * 5000,
    "end tags in titles": "<b><title></b></title>" * 5000,
    "end tags in scripts": "<b><script></b></script>" * 5000,
    "end tags in scripts within scripts": "<b><script><!--<script></script></b></script>" * 5000,
    "end tags in sections": "<b><svg><![CDATA[</b>]]></svg>" * 5000,
    "elements in drawings' styles": "<svg>" + "<style><b>" * 5000,
    "what only drawings may close": "<div/><svg><br><path/><g/>" * 2000,
    "elements in a list's titles": "<select><title><template>" + "<div>" * 5000,
    "elements that only some others end": "<rt><optgroup>" * 4000,
    "attributes": "<p>" * 400 + "<a " + " ".join(f"a{n}=1" for n in range(200_000)) + ">",
    "less-than signs": "<" * (2 * MEGABYTE),
}


@pytest.mark.parametrize("html", COSTLY.values(), ids=COSTLY.keys())
async def test_costly_pages(bench: Bench, html: str) -> None:
    """A page that would keep a parser busy for seconds to minutes is refused, and the event loop continues meanwhile.

    Both are measured in processor time of this process, which other programs on the machine do not change.
    """
    bench.put("/a", page(html[: 2 * MEGABYTE - 1]))
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            begin = time.process_time()
            await asyncio.sleep(0.005)
            longest = max(longest, time.process_time() - begin)

    watching = asyncio.create_task(watch())
    begin = time.process_time()
    resolution = await bench.resolve(f"{HOST}/a")
    watching.cancel()
    assert resolution.reason == "body_too_large"
    assert time.process_time() - begin < 1
    assert longest < 0.5


@pytest.mark.parametrize(
    "html",
    [
        "<ul>" + "<li>a<ul><li>b</ul>" * 2000 + "</ul>",
        "<table>" + "<tr><td>a<td>b" * 2000 + "</table>",
        "<p>a<br>b" * 3000,
        "<div><p><b>a</b> <i>b</i> <a href=/x>c</a></div>" * 1500,
        '<svg viewBox="0 0 1 1"><title>x</title><g><path d="M0 0"/><use href="#a" /></g></svg>' * 1500,
        "<script>for (i = 0; i<n; i++) { if (a<b) x('<div>'); }</script>" * 2000,
        "<!-- </div> -->" * 5000,
        "<select>" + "<option>1" * 3000 + "</select>",
        "<dl>" + "<dt>a<dd>b" * 2000 + "</dl>",
        "<style>a>b{}</style><textarea>a &lt; b </textarea><iframe src=/x></iframe>" * 500 + "<br>" * 500,
        "<b><i>a</b></i>" * 100,
    ],
)
async def test_large_pages_of_the_ordinary_kind(bench: Bench, html: str) -> None:
    """Lists, tables, drawings and scripts of any length do no harm, and what follows them is found."""
    bench.put("/a", page(f"{html}<script>location = '{TARGET}'</script>"))
    assert (await bench.resolve(f"{HOST}/a")).target_url == TARGET


def test_small_pages_are_not_counted() -> None:
    """A page of a few hundred tags is read, even if it is badly formed."""
    check_parse_cost("<b>" * 600, "s.test")
    with pytest.raises(Stop):
        check_parse_cost("<b>" * 601, "s.test")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer(body="%PDF-1.7", media_type="application/pdf"), "no_destination"),
        (answer(body='{"a": 1}', media_type="application/json"), "no_destination"),
        (answer(body="<form></form>", media_type="text/plain"), "no_destination"),
        (answer(body="\0\1\2\ufffd" * 1000), "not_a_link"),
        (answer(body=""), "no_destination"),
        (page("<form" * 10_000), "not_a_link"),
        (page("<!--"), "not_a_link"),
        (page("<script>location='" + "x" * MEGABYTE), "not_a_link"),
        (page("<script>location='" + "x" * MEGABYTE + "</script>"), "browser_required"),
        (page("<iframe src=/a></iframe>" * 3000), "not_a_link"),
        (page("<script>" + "''+location;" * 150_000 + "</script>"), "browser_required"),
        (page("<h1><span>" * 100 + "x" * MEGABYTE), "not_a_link"),
    ],
)
async def test_odd_pages(bench: Bench, reply: bytes, reason: str) -> None:
    """A response that is not a page, or is an empty or broken one, ends the link with a reason within a second."""
    bench.put("/a", reply)
    begin = time.process_time()
    assert (await bench.resolve(f"{HOST}/a")).reason == reason
    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    "reply",
    [
        page("<p>Hi</p>"),
        page("<form method=dialog></form>"),
        answer(body="<form></form>", media_type="application/json"),
        answer(204),
    ],
)
async def test_nothing_to_send(bench: Bench, reply: bytes) -> None:
    """A page without a form that can be sent counts as a changed page."""
    bench.put("/a", reply)
    assert (await bench.resolve(f"{HOST}/a", SUBMIT)).reason == "provider_changed"


async def test_many_forms_and_buttons(bench: Bench) -> None:
    """The owners of all buttons are found in one pass."""
    bench.put("/a", page("<form><input name=a></form>" * 1500 + "<button>Go</button>" * 1500))
    begin = time.process_time()
    steps = [{"use": "submit", "selector": "button"}]
    assert (await bench.resolve(f"{HOST}/a", provider(steps=steps))).reason == "provider_changed"
    assert time.process_time() - begin < 2


async def test_ten_thousand_cookies(bench: Bench) -> None:
    """Too many cookies in one response end the link. Many over several pages do not, and the latest are sent."""
    bench.put("/a", to(TARGET, *(f"Set-Cookie: c{n}=1" for n in range(10_000))))
    assert (await bench.resolve(f"{HOST}/a")).reason == "body_too_large"
    limits = {"limits": {"max_hops": 30}}
    for number in range(10):
        cookies = (f"Set-Cookie: c{number}-{n}={'x' * 100}" for n in range(100))
        bench.put(f"/{number}", to(f"/{number + 1}", *cookies))
    bench.put("/10", to("/11", "Set-Cookie: session=1"))
    bench.put("/11", lambda head: to(TARGET) if "session=1" in head else answer(403))
    assert (await bench.resolve(f"{HOST}/0", provider(**limits))).target_url == TARGET
    assert bench.shortener.heads[-1].count("=x") <= 180
