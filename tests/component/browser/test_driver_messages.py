"""A page decides what the browser reports, and not how much memory the service needs to read it."""

import asyncio
import sys

import psutil
import pytest

from linkskipper.resolver.browser.driver_messages import MAX_MESSAGE, BoundedMessages
from support.browser_world import run_world

pytestmark = [pytest.mark.attack, pytest.mark.slow]

MEGABYTE = 1_000_000
DRIVER = """
import sys, time
for length in map(int, sys.argv[1:]):
    sys.stdout.buffer.write(length.to_bytes(4, "little") + b"x" * length)
    sys.stdout.buffer.flush()
time.sleep(60)
"""
LONG = {
    "a header": "fetch('/x', {headers: {a: 'x'.repeat(1e8)}})",
    "a URL": "fetch('data:,' + 'x'.repeat(1e8))",
    "a dialog": "alert('x'.repeat(1e8))",
    "an error": "throw new Error('x'.repeat(1e8))",
    "a line of the console": "console.log('x'.repeat(1e8))",
}


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


@pytest.mark.parametrize("script", LONG.values(), ids=LONG)
async def test_a_page_that_makes_long_messages(script: str) -> None:
    """The service does not grow with what a page says. A link in the same browser is resolved."""
    process = psutil.Process()
    async with run_world() as world:
        world.put(
            f"<script>setTimeout(() => {{ {script} }}, 100); setTimeout(() => location = '/end', 1500)</script>", "/bad"
        )
        world.put(f"<script>setTimeout(() => location = '{world.destination}', 2500)</script>", "/good")
        options = {"steps": [{"use": "follow"}], "limits": {"timeout": 30, "max_wait": 30}}
        before = peak = process.memory_info().rss
        links = [asyncio.create_task(world.resolve(path, **options)) for path in ("/bad", "/good")]
        while not all(link.done() for link in links):
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.01)
    assert links[0].result().reason is not None
    assert links[1].result().target_url == world.destination
    assert peak - before < 90 * MEGABYTE
