"""The browser process starts when it is needed and is replaced when it is old or broken. No link is lost by that."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from linkskipper.resolver.browser import chromium as chromium_room
from linkskipper.resolver.browser import find_browser, processes
from linkskipper.resolver.browser.chromium import Chromium
from linkskipper.settings import load
from support.browser_world import World, run_world
from support.world_owner import OWNER

FOLLOW = [{"use": "follow"}]


@pytest.fixture
async def own_world() -> AsyncIterator[World]:
    """Yield a world whose browser a test may break."""
    async with run_world() as world:
        yield world


def browsers(of: int | None = None) -> list[psutil.Process]:
    """Return the living browsers that a process, or this one, has started."""
    found = []
    for process in psutil.Process(of).children(recursive=True):
        try:
            command = process.cmdline()
        except psutil.Error:
            continue
        if any("headless" in part for part in command[:1]) and not any("--type=" in part for part in command):
            found.append(process)
    return found


def alive() -> set[psutil.Process]:
    """Return all running processes that this one has started."""
    family = psutil.Process().children(recursive=True)
    return {each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE}


async def until_alive(before: set[psutil.Process]) -> None:
    """Wait until no more than these processes run. A killed process takes a moment to end."""
    async with asyncio.timeout(20):
        while not alive() <= before:
            await asyncio.sleep(0.02)


def slow_link(world: World, milliseconds: int = 1500) -> None:
    world.put(f"<script>setTimeout(() => location = '{world.destination}', {milliseconds})</script>")


async def until_asked(world: World, times: int = 1) -> None:
    async with asyncio.timeout(60):
        while len(world.shortener.asked) < times:
            await asyncio.sleep(0.01)


async def test_it_starts_when_it_is_needed(own_world: World) -> None:
    """No browser runs before the first link. One browser serves all links that follow."""
    before = {process.pid for process in browsers()}
    slow_link(own_world, 0)
    await asyncio.gather(*(own_world.resolve(steps=FOLLOW) for _ in range(3)))
    assert len({process.pid for process in browsers()} - before) == 1


@pytest.mark.parametrize("victim", ["browser", "page", "driver"])
async def test_a_browser_that_dies(own_world: World, victim: str) -> None:
    """A link whose browser is killed is resolved by another browser. Nobody has to act."""
    before = {process.pid for process in browsers()}
    slow_link(own_world)
    link = asyncio.create_task(own_world.resolve(steps=FOLLOW))
    await until_asked(own_world)
    await asyncio.sleep(0.3)
    (browser,) = (process for process in browsers() if process.pid not in before)
    driver = next(parent for parent in browser.parents() if "playwright" in " ".join(parent.cmdline()[:2]))
    pages = [child for child in browser.children(recursive=True) if "--type=renderer" in child.cmdline()]
    for process in {"browser": [browser], "page": pages, "driver": [driver]}[victim]:
        process.kill()
    resolution = await link
    assert (resolution.target_url, len(resolution.hops)) == (own_world.destination, 1)
    assert own_world.shortener.asked == ["s.test/link"] * 2


async def test_a_page_that_kills_its_browser(own_world: World) -> None:
    """A link that crashes each browser fails with a reason. Other links continue."""
    before = {process.pid for process in browsers()}
    slow_link(own_world, 60_000)
    link = asyncio.create_task(own_world.resolve(steps=FOLLOW, limits={"timeout": 60, "max_wait": 50}))
    for times in (1, 2):
        await until_asked(own_world, times)
        await asyncio.sleep(0.3)
        for process in browsers():
            if process.pid not in before:
                process.kill()
    resolution = await link
    assert (resolution.reason, resolution.target_url) == ("upstream_error", None)
    slow_link(own_world, 0)
    assert (await own_world.resolve(steps=FOLLOW)).target_url == own_world.destination


async def test_it_is_replaced_after_so_many_links() -> None:
    """The old browser ends with its last link. The new browser takes the links that come."""
    before = {process.pid for process in browsers()}
    async with run_world(links=2) as world:
        slow_link(world, 500)
        resolutions = await asyncio.gather(*(world.resolve(steps=FOLLOW) for _ in range(5)))
        assert [each.target_url for each in resolutions] == [world.destination] * 5
        async with asyncio.timeout(60):
            while len({process.pid for process in browsers()} - before) > 1:
                await asyncio.sleep(0.05)
    assert {process.pid for process in browsers()} <= before


async def test_a_page_that_takes_all_memory() -> None:
    """The process that renders the page is killed at its memory limit. The service and its other links continue."""
    async with run_world(memory=800 * 1024**2) as world:
        world.put(
            "<script>const kept = []; setInterval(() => { const part = new Uint8Array(2e7); part.fill(1);"
            " kept.push(part) }, 10)</script>",
            "/greedy",
        )
        slow_link(world)
        greedy = asyncio.create_task(world.resolve("/greedy", steps=FOLLOW, limits={"timeout": 60, "max_wait": 60}))
        await until_asked(world)
        assert (await world.resolve(steps=FOLLOW)).target_url == world.destination
        resolution = await greedy
        assert (resolution.reason, resolution.detail) == ("upstream_error", "The browser crashed on this link.")


async def test_a_browser_over_its_memory_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next browser resolves the links of a killed one. The check of memory continues after an error of its own."""
    async with run_world() as world:
        too_much, unforeseen = [10**12], [ValueError("unforeseen")]

        def taken(chromium: Chromium, _: int) -> int:
            if unforeseen:
                raise unforeseen.pop()
            return too_much.pop() if too_much and chromium.links and world.shortener.asked else 0

        monkeypatch.setattr(Chromium, "trim", taken)
        slow_link(world, 2500)
        assert (await world.resolve(steps=FOLLOW)).target_url == world.destination
        assert world.shortener.asked == ["s.test/link"] * 2


async def test_so_many_links_at_once() -> None:
    """No more browser contexts than the limit are open. Other links wait for one."""
    async with run_world(contexts=2) as world:
        slow_link(world, 400)
        loop = asyncio.get_running_loop()
        await world.resolve(steps=FOLLOW)
        began = loop.time()
        resolutions = await asyncio.gather(*(world.resolve(steps=FOLLOW) for _ in range(6)))
        assert [each.target_url for each in resolutions] == [world.destination] * 6
        assert loop.time() - began > 3 * 0.4


async def test_a_browser_that_does_not_start(tmp_path: Path) -> None:
    """The link fails with a reason, and nothing hangs."""
    false = tmp_path / "chromium"
    false.write_text("#!/bin/sh\nexit 1\n")
    false.chmod(0o755)
    async with run_world(executable=false) as world:
        slow_link(world)
        resolution = await world.resolve(steps=FOLLOW)
        assert (resolution.reason, resolution.detail) == ("upstream_error", "The browser did not start.")
        assert resolution.service_failed


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Return a folder that the user of the browser can read."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def replace_the_driver(monkeypatch: pytest.MonkeyPatch, folder: Path, line: str) -> None:
    node = folder / "node"
    node.write_text(f"#!/bin/sh\n{line}\n")
    node.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(node))


@pytest.mark.parametrize("line", ["exit 1", "sleep 60"])
async def test_a_driver_that_does_not_start(monkeypatch: pytest.MonkeyPatch, public_folder: Path, line: str) -> None:
    """If the driver exits or hangs, the link fails with a reason, and no process of the driver is left."""
    replace_the_driver(monkeypatch, public_folder, line)
    monkeypatch.setattr(chromium_room, "START_SECONDS", 1)
    before = alive()
    async with run_world() as world:
        resolution = await world.resolve(steps=FOLLOW)
        assert (resolution.reason, resolution.detail) == ("upstream_error", "The browser did not start.")
        await until_alive(before)


async def test_a_link_waits_for_a_browser_no_longer_than_its_time(
    monkeypatch: pytest.MonkeyPatch, public_folder: Path
) -> None:
    """The browser starts without the link that gave up. The end of the engine cancels the start."""
    replace_the_driver(monkeypatch, public_folder, "sleep 60")
    before = alive()
    async with run_world() as world:
        resolution = await world.resolve(steps=FOLLOW, limits={"timeout": 1, "max_wait": 1})
        assert (resolution.reason, resolution.host_unresponsive) == ("timeout", False)
    await until_alive(before)


@pytest.mark.parametrize(
    ("sent", "is_unresponsive"),
    [
        (b"HTTP/1.1 200 X\r\nContent-", True),
        (b"HTTP/1.1 200 X\r\nContent-Length: 9\r\nContent-Type: text/html\r\n\r\n", False),
    ],
    ids=["no answer", "no body"],
)
async def test_whether_a_host_is_unresponsive(world: World, sent: bytes, is_unresponsive: bool) -> None:  # noqa: FBT001
    """A timeout counts against a host that sends no answer, not against one whose page is never whole."""
    slow_link(world, 0)
    await world.resolve(steps=FOLLOW)  # starts the browser, whose start would count
    world.shortener.put("/link", sent)
    resolution = await world.resolve(steps=FOLLOW, limits={"timeout": 4, "max_wait": 4})
    assert (resolution.reason, resolution.host_unresponsive) == ("timeout", is_unresponsive)


async def test_a_link_given_up_while_its_browser_starts(own_world: World) -> None:
    """The browser still starts, and serves the next link."""
    before = {process.pid for process in browsers()}
    slow_link(own_world, 0)
    link = asyncio.create_task(own_world.resolve(steps=FOLLOW))
    await asyncio.sleep(0.2)
    link.cancel()
    assert (await own_world.resolve(steps=FOLLOW)).target_url == own_world.destination
    assert len({process.pid for process in browsers()} - before) == 1


async def test_a_link_under_way_at_the_end() -> None:
    """A link in progress ends with its browser, and starts no other browser."""
    before = alive()
    async with run_world() as world:
        slow_link(world, 60_000)
        link = asyncio.create_task(world.resolve(steps=FOLLOW, limits={"timeout": 60, "max_wait": 50}))
        await until_asked(world)
    assert (await link).reason == "upstream_error"
    await until_alive(before)


async def test_the_driver_is_looked_after_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's memory counts. A driver that hangs is killed with its browser, and no file is left on the disk."""
    monkeypatch.setattr(chromium_room, "CLOSE_SECONDS", 0.5)
    monkeypatch.setattr(processes, "memory", lambda process: "run-driver" in process.cmdline())
    before = alive()
    async with run_world() as world:
        slow_link(world, 0)
        await world.resolve(steps=FOLLOW)
        (chromium,) = world.engine.pool.running
        assert chromium.trim(10) == 1
        chromium._driver.suspend()
        assert list(chromium._home.path.glob("playwright_chromiumdev_profile-*"))
    assert not chromium._home.path.exists()
    await until_alive(before)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
async def test_no_browser_outlives_the_service(ending: signal.Signals) -> None:
    """A browser with an open link ends with its process, however that process ends."""
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert owner.stdout is not None
    while b"open" not in await owner.stdout.readline():
        assert owner.returncode is None
    family = psutil.Process(owner.pid).children(recursive=True)
    assert len(family) > 3
    os.kill(owner.pid, ending)
    await owner.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


def test_which_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configured browser is first, then the system's headless shell, its Chromium, and Playwright's own."""
    assert find_browser(load().browser) is not None
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "own"))
    assert find_browser(None) is None
    own = tmp_path / "own" / "chromium_headless_shell-1255" / "chrome-linux" / "headless_shell"
    for file in (own, tmp_path / "chromium", tmp_path / "chromium-headless-shell", tmp_path / "set"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o755)
        assert find_browser(tmp_path / "set" if file.name == "set" else None) == file
