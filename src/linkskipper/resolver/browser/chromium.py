"""One running Chromium: how it is started, what it takes, and how it ends."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import Iterable
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Self

import psutil
from playwright.async_api import Browser, Playwright, async_playwright

from linkskipper.logs import library_logger
from linkskipper.resolver.browser.options import BrowserOptions
from linkskipper.resolver.browser.tab import Tab, TabLost
from linkskipper.resolver.browser.trust import trust

_log = library_logger(__name__)
START_SECONDS = 30
CLOSE_SECONDS = 5

# Every way past a proxy is shut here; the proxy itself says which of its own lanes may reach what.
_SWITCHES = (
    # No name is looked up by the browser, and no address is connected to but the proxy's.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-remote-fonts",
    "--js-flags=--max-old-space-size=256",
    "--lang=en",
    "--accept-lang=en",
    "--window-size=1280,720",
)
_PROFILE = "playwright_chromiumdev_profile-"
_NOWHERE = "http://nowhere.invalid:1"  # what is not in a link's own context gets out nowhere


class Chromium:
    """A running browser. `links` are under way in it, `served` have been; once `retired` it takes no more of them."""

    def __init__(
        self, home: TemporaryDirectory[str], playwright: Playwright, browser: Browser, process: psutil.Process
    ) -> None:
        self.browser = browser
        self.tabs: set[Tab] = set()
        self.links = 0
        self.served = 0
        self.retired: float | None = None
        self._home = home
        self._playwright = playwright
        # Held from the start: a Process knows when its pid has become another's.
        self._process = process
        self._driver = _driver_of(process)
        self._profile = _profile_of(process)
        browser.on("disconnected", lambda _: self._lose_tabs())

    @classmethod
    async def start(cls, options: BrowserOptions) -> Self:
        """Start one; raises TimeoutError, SettingsError, or whatever Playwright does where it does not come up."""
        before = _drivers()
        home = TemporaryDirectory(prefix="linkskipper-browser-", ignore_cleanup_errors=True)
        opening = asyncio.ensure_future(async_playwright().start())
        try:
            async with asyncio.timeout(START_SECONDS):
                if options.extra_ca is not None:
                    await asyncio.to_thread(trust, options.extra_ca, Path(home.name))
                playwright = await asyncio.shield(opening)
                browser = await _launch(playwright, options, home.name)
                chromium = cls(home, playwright, browser, psutil.Process(await _pid(browser)))
        except BaseException:
            await _give_up(opening, before)
            home.cleanup()
            raise
        _log.info("browser.started", version=browser.version, pid=chromium._process.pid)
        return chromium

    @property
    def usable(self) -> bool:
        """Whether a link may be opened in it."""
        return self.retired is None and self.browser.is_connected()

    @property
    def is_done(self) -> bool:
        """Whether it is of no more use to anybody."""
        return not self.links and not self.usable

    def retire(self) -> None:
        """Take no more links; those that are open go on."""
        if self.retired is None:
            self.retired = monotonic()

    async def close(self) -> None:
        """End it and all its processes, by force where it does not end by itself."""
        self.retire()
        async with AsyncExitStack() as steps:
            steps.callback(self._home.cleanup)
            if self._profile is not None:  # which a driver that is killed leaves behind
                steps.callback(shutil.rmtree, self._profile, ignore_errors=True)
            steps.callback(self.kill)
            steps.push_async_callback(_stop, self._playwright)
            steps.callback(lambda: _kill(_family(self._process)))  # the driver clears up after it before it ends
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.browser.close()

    def kill(self) -> None:
        """End it and its driver at once; the links that are open in it are lost to it."""
        self.retire()
        _kill(_family(self._driver, self._process))
        self._lose_tabs()

    def trim(self, limit: int) -> int:
        """Kill what renders pages with more than half of `limit` bytes; gives what the others and the driver take."""
        total = 0
        for process in _family(self._driver, self._process):
            with contextlib.suppress(psutil.Error, OSError):
                taken = _memory(process)
                if taken > limit / 2 and "--type=renderer" in process.cmdline():
                    process.kill()
                else:
                    total += taken
        return total

    def _lose_tabs(self) -> None:
        for tab in self.tabs:
            tab.end(TabLost("the browser has ended"))


def _family(*roots: psutil.Process) -> set[psutil.Process]:
    """What lives of these and of all that they have started."""
    found: set[psutil.Process] = set()
    for root in roots:
        with contextlib.suppress(psutil.Error, OSError):
            if root not in found and root.is_running():
                found |= {root, *root.children(recursive=True)}
    return found


def _kill(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            process.kill()


def _driver_of(process: psutil.Process) -> psutil.Process:
    """Playwright's driver: the child of this process that the browser descends from."""
    line = [process, *process.parents()]
    return next((each for each, above in pairwise(line) if above.pid == os.getpid()), process)


def _profile_of(process: psutil.Process) -> str | None:
    """The folder that Playwright has made for the browser's profile."""
    folders = (part.removeprefix("--user-data-dir=") for part in process.cmdline())
    return next((each for each in folders if Path(each).name.startswith(_PROFILE)), None)


def _drivers() -> set[psutil.Process]:
    """The drivers that this process has started."""
    found = set()
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error, OSError):
            if "run-driver" in process.cmdline():
                found.add(process)
    return found


def _memory(process: psutil.Process) -> int:
    """A process's own share of memory, or on systems that do not tell it, all that it sees."""
    info = process.memory_full_info()
    return int(getattr(info, "pss", info.rss))


async def _launch(playwright: Playwright, options: BrowserOptions, home: str) -> Browser:
    return await playwright.chromium.launch(
        executable_path=options.executable,
        args=[*_SWITCHES, f"--user-agent={options.user_agent}"],
        env={**os.environ, "HOME": home},
        proxy={"server": _NOWHERE},
        # Chromium has no sandbox for root, and does not start with one.
        chromium_sandbox=os.geteuid() != 0,
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )


async def _pid(browser: Browser) -> int:
    session = await browser.new_browser_cdp_session()
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    await session.detach()
    return next(int(each["id"]) for each in processes if each["type"] == "browser")


async def _stop(playwright: Playwright) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await playwright.stop()


async def _give_up(opening: asyncio.Future[Playwright], before: set[psutil.Process]) -> None:
    """End what a start has left: a driver that has not answered yet is known by being new alone."""
    if opening.done() and not opening.cancelled() and opening.exception() is None:
        await _stop(opening.result())
    _kill(_family(*(_drivers() - before)))
    await asyncio.wait([opening], timeout=CLOSE_SECONDS)  # it fails by itself once its driver is gone
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
