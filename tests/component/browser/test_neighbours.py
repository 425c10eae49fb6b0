"""A page that breaks its browser does not end other links."""

import asyncio
import contextlib
from typing import Any

import psutil
import pytest

from linkskipper.catalog import Catalog, Provider
from linkskipper.provider_health.circuit_breaker import Signal
from linkskipper.provider_health.outcomes import host_signals
from linkskipper.resolver import Resolution
from linkskipper.resolver.browser import processes
from linkskipper.resolver.browser.engine import MAX_ALONE
from support.browser_world import World, in_a_browser, run_world

FOLLOW = [{"use": "follow"}]
BLOBS = "<script>const kept = []; setInterval(() => kept.push(new Blob([new Uint8Array(4e7).fill(1)])), 20)</script>"
LONG: dict[str, Any] = {"steps": FOLLOW, "limits": {"timeout": 20, "max_wait": 20}}

pytestmark = [pytest.mark.attack, pytest.mark.slow]


def signals(resolution: Resolution) -> list[Signal]:
    """Return what the end of a link says about its hosts."""
    catalog = Catalog([Provider.model_validate(in_a_browser())])
    return [signal.signal for signal in host_signals(resolution, catalog)]


def put_slow_link(world: World, path: str, milliseconds: int) -> None:
    world.put(f"<script>setTimeout(() => location = '{world.destination}', {milliseconds})</script>", path)


async def test_blobs_that_fill_the_browser() -> None:
    """Blobs fill the browser process, which is killed. The other links are resolved, and no host is blamed."""
    async with run_world(contexts=12, memory=1024**3) as world:
        world.put(BLOBS, "/blobs")
        healthy = [f"/healthy{number}" for number in range(3)]
        for path in healthy:
            put_slow_link(world, path, 6000)
        links = [asyncio.create_task(world.resolve(path, **LONG)) for path in ("/blobs", *healthy)]
        blobs, *others = await asyncio.gather(*links)
    assert (blobs.reason, blobs.service_failed, signals(blobs)) == ("upstream_error", True, [Signal.NEUTRAL])
    assert [other.target_url for other in others] == [world.destination] * 3
    assert [signals(other) for other in others] == [[Signal.SUCCESS]] * 3
    assert world.shortener.asked.count("s.test/blobs") == 2
    assert all(world.shortener.asked.count(f"s.test{path}") == 2 for path in healthy)


async def test_the_time_in_a_lost_browser_does_not_count() -> None:
    """A link that loses its browser near the end of its time gets its whole time again."""
    async with run_world() as world:
        put_slow_link(world, "/first", 1)
        await world.resolve("/first", **LONG)  # starts the browser
        put_slow_link(world, "/link", 60_000)
        link = asyncio.create_task(world.resolve(steps=FOLLOW, limits={"timeout": 12, "max_wait": 12}))
        await asyncio.sleep(9.5)
        put_slow_link(world, "/link", 3000)  # longer than what is left of the 12 seconds
        (chromium,) = world.engine.pool.running
        chromium.kill()
        assert (await link).target_url == world.destination


async def test_a_link_that_lost_its_browser_is_alone() -> None:
    """The second browser of each link takes no other link, and only a few of them run at the same time."""
    async with run_world(contexts=4) as world:
        put_slow_link(world, "/link", 1500)
        links = [asyncio.create_task(world.resolve(**LONG)) for _ in range(4)]
        async with asyncio.timeout(60):
            while len(world.shortener.asked) < 4:
                await asyncio.sleep(0.02)
        (chromium,) = world.engine.pool.running
        chromium.kill()
        most, together = 0, 0
        while not all(link.done() for link in links):
            busy = [running.links for running in world.engine.pool.running if running is not chromium]
            most, together = max([most, *busy]), max(together, sum(map(bool, busy)))
            await asyncio.sleep(0.02)
    assert most == 1
    assert 1 <= together <= MAX_ALONE
    assert [link.result().target_url for link in links] == [world.destination] * 4


async def test_a_driver_that_ends() -> None:
    """The links of a browser whose driver has crashed are retried at once, not when their time is up."""
    others = processes.drivers()
    async with run_world() as world:
        put_slow_link(world, "/link", 3000)
        link = asyncio.create_task(world.resolve(steps=FOLLOW, limits={"timeout": 60, "max_wait": 60}))
        async with asyncio.timeout(30):
            while not world.shortener.asked:
                await asyncio.sleep(0.02)
        (driver,) = processes.drivers() - others
        driver.kill()
        async with asyncio.timeout(45):
            assert (await link).target_url == world.destination
    assert len(world.shortener.asked) == 2


async def test_links_are_divided_among_browsers() -> None:
    """Each browser has few links. All idle browsers but one are closed after a while."""
    async with run_world(contexts=12) as world:
        put_slow_link(world, "/link", 1500)
        links = [asyncio.create_task(world.resolve(**LONG)) for _ in range(12)]
        async with asyncio.timeout(60):
            while len(world.shortener.asked) < 12:
                await asyncio.sleep(0.02)
        assert [chromium.links for chromium in world.engine.pool.running] == [6, 6]
        await asyncio.gather(*links)
        for chromium in world.engine.pool.running:
            chromium.idle_since -= 61
        async with asyncio.timeout(60):
            while len(world.engine.pool.running) > 1:
                await asyncio.sleep(0.05)


async def test_a_page_with_requests_without_end() -> None:
    """A page that sends more requests than a link may send is ended. Other links continue."""
    flood = "<script>setInterval(() => { for (let i = 0; i < 50; i++) fetch('/x?' + Math.random()) }, 5)</script>"
    async with run_world() as world:
        world.put(flood, "/flood")
        put_slow_link(world, "/link", 2500)
        flooding, other = await asyncio.gather(world.resolve("/flood", **LONG), world.resolve(**LONG))
    assert flooding.reason == "body_too_large"
    assert "requests" in (flooding.detail or "")
    assert other.target_url == world.destination


async def test_another_program_at_the_proxy() -> None:
    """While a link is open, another program on the machine that connects to its proxy reaches nothing."""
    others = listening_ports()  # services of other tests may run in this process
    async with run_world() as world:
        put_slow_link(world, "/link", 2000)
        link = asyncio.create_task(world.resolve(**LONG))
        async with asyncio.timeout(60):
            while not world.shortener.asked:
                await asyncio.sleep(0.02)
        proxies = listening_ports() - others - {world.shortener.port, world.canary.port}
        assert proxies
        for port in proxies:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.suppress(ConnectionError):
                writer.write(b"GET http://s.test/stolen HTTP/1.1\r\n\r\n")
                async with asyncio.timeout(20):
                    assert await reader.read() == b""
            writer.close()
        assert (await link).target_url == world.destination
    assert world.shortener.asked == ["s.test/link"]


def listening_ports() -> set[int]:
    return {row.laddr.port for row in psutil.Process().net_connections() if row.status == psutil.CONN_LISTEN}
