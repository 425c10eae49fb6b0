"""A page decides what the browser reports, and not how much memory the service needs to read it."""

import asyncio
import gc
import sys
from weakref import WeakSet

import pytest

from linkskipper.resolver.browser.dom import MAX_DOCUMENTS
from linkskipper.resolver.browser.driver_messages import MAX_MESSAGE, BoundedMessages
from linkskipper.resolver.pages.page import Page
from support.browser_world import run_world

pytestmark = [pytest.mark.attack, pytest.mark.slow]

DRIVER = """
import sys, time
for length in map(int, sys.argv[1:]):
    sys.stdout.buffer.write(length.to_bytes(4, "little") + b"x" * length)
    sys.stdout.buffer.flush()
time.sleep(60)
"""
HEADER = "fetch('/x', {headers: {a: 'x'.repeat(5e7)}})"  # which reaches this process as a request of the page


async def read_message(messages: BoundedMessages) -> int:
    """Read a message as Playwright does. Return its length."""
    left = length = int.from_bytes(await messages.readexactly(4), "little")
    while left:
        left -= len(await messages.readexactly(min(left, 32768)))
    return length


async def test_length_of_a_message() -> None:
    """Messages up to the limit are read. One byte more ends the driver before any of it is read."""
    lengths = (1, 0, MAX_MESSAGE, 7, MAX_MESSAGE + 1, 1)
    driver = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", DRIVER, *map(str, lengths)), stdout=asyncio.subprocess.PIPE
    )
    messages = BoundedMessages(driver)
    assert [await read_message(messages) for _ in lengths[:4]] == list(lengths[:4])
    with pytest.raises(asyncio.IncompleteReadError):
        await read_message(messages)
    assert await driver.wait() < 0


async def test_a_page_that_makes_long_messages(caplog: pytest.LogCaptureFixture) -> None:
    """The browser of the page ends before this process reads what the page says. Another link there is resolved."""
    async with run_world() as world:
        world.put(
            f"<script>setTimeout(() => {HEADER}, 100); setTimeout(() => location = '/end', 3000)</script>", "/bad"
        )
        world.put(f"<script>setTimeout(() => location = '{world.destination}', 2500)</script>", "/good")
        options = {"steps": [{"use": "follow"}], "limits": {"timeout": 30, "max_wait": 30}}
        bad, good = await asyncio.gather(*(world.resolve(path, **options) for path in ("/bad", "/good")))
    assert (bad.reason, bad.service_failed) == ("upstream_error", True)
    assert good.target_url == world.destination
    assert any(record.message == "browser.message_too_long" for record in caplog.records)


async def test_a_page_with_many_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first documents of a page are read. None of them is kept once the link has ended."""
    pages: WeakSet[Page] = WeakSet()
    most = 0
    make = Page.__init__

    def count(page: Page, *arguments: object) -> None:
        nonlocal most
        make(page, *arguments)  # type: ignore[arg-type]
        pages.add(page)
        if len(pages) > 3 * MAX_DOCUMENTS:
            gc.collect()  # those of earlier looks at the page may be garbage
        most = max(most, len(pages))

    monkeypatch.setattr(Page, "__init__", count)
    async with run_world() as world:
        world.put("<p>1" + "<iframe></iframe>" * 200, "/frames")
        ended = await world.resolve("/frames", steps=[{"use": "follow"}], limits={"timeout": 60, "max_wait": 1})
        assert ended.target_url is None
        gc.collect()
        assert not list(pages)
    assert MAX_DOCUMENTS <= most <= 3 * MAX_DOCUMENTS
