"""Links whose requests together would send or receive far more than any real link."""

import gzip

import pytest

from linkskipper.resolver import traffic_budget
from support.shortener import TARGET, Bench, answer, page, provider, to

LIMITS = {"max_hops": 30, "timeout": 60}
SUBMIT = provider(steps=[{"use": "submit", "selector": "form"}] * 20, limits=LIMITS)


def zipped(html: str) -> bytes:
    body = gzip.compress(html.encode())
    head = f"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def test_forms_that_fill_the_line(bench: Bench) -> None:
    """Small pages with forms of 3 MB, one after the other, send the limit and no more."""
    for number in range(20):
        form = f"<form method=post action=/{number + 1}><textarea name=a>{chr(0x1F600) * 250_000}</textarea></form>"
        bench.put(f"/{number}", zipped(form))
    resolution = await bench.resolve("http://s.test/0", SUBMIT)
    assert resolution.reason == "body_too_large"
    assert 0 < sum(map(len, bench.shortener.bodies)) <= traffic_budget.MAX_SENT


async def test_cookies_that_fill_the_line(bench: Bench) -> None:
    """Hops that each set as many cookies as fit send few of them back."""
    cookies = [f"Set-Cookie: a{number}={'x' * 4000}; Path=/" for number in range(15)]
    for number in range(30):
        bench.put(f"/{number}", to(f"/{number + 1}", *(cookie.replace("a", f"a{number}-", 1) for cookie in cookies)))
    await bench.resolve("http://s.test/0", provider(limits=LIMITS))
    assert max(map(len, bench.shortener.heads)) < 80 * 1024
    assert sum(map(len, bench.shortener.heads)) <= traffic_budget.MAX_SENT + 1024 * 1024


async def test_pages_without_an_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large pages that refresh to the next one end at the limit. Some fewer are read."""
    monkeypatch.setattr(traffic_budget, "MAX_RECEIVED", 1024 * 1024)
    filler = f"<!-- {'x' * (128 * 1024 - 100)} -->"
    for number in range(20):
        bench.put(f"/{number}", zipped(f"<meta http-equiv=refresh content='0;url=/{number + 1}'>{filler}"))
        bench.put(f"/few{number}", zipped(f"<meta http-equiv=refresh content='0;url=/few{number + 1}'>{filler}"))
    bench.put("/few7", to(TARGET))
    assert (await bench.resolve("http://s.test/0", provider(limits=LIMITS))).reason == "body_too_large"
    assert bench.shortener.asked[-1] == "s.test/8"
    assert (await bench.resolve("http://s.test/few0", provider(limits=LIMITS))).target_url == TARGET


async def test_a_form_as_large_as_forms_are(bench: Bench) -> None:
    """A form with a hundred kilobytes is sent."""
    bench.put("/0", page(f"<form method=post action=/1><textarea name=a>{'x' * 100_000}</textarea></form>"))
    bench.put("/1", answer(302, f"Location: {TARGET}"))
    steps = [{"use": "submit", "selector": "form"}]
    assert (await bench.resolve("http://s.test/0", provider(steps=steps))).target_url == TARGET
