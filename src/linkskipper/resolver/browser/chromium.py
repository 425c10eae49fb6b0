"""One running Chromium: how it is started, what it takes, and how it ends."""

import asyncio
import contextlib
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Self

import psutil
from playwright.async_api import Browser, Playwright, async_playwright

from linkskipper.logs import library_logger
from linkskipper.resolver.browser.errors import BROKEN
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
_NOWHERE = "http://nowhere.invalid:1"  # what is not in a link's own context gets out nowhere


class Chromium:
    """A running browser. `links` are under way in it, `served` have been; once `retired` it takes no more of them."""

    def __init__(self, home: TemporaryDirectory[str], playwright: Playwright, browser: Browser, pid: int) -> None:
        self.browser = browser
        self.pid = pid
        self.tabs: set[Tab] = set()
        self.links = 0
        self.served = 0
        self.retired: float | None = None
        self._home = home
        self._playwright = playwright
        browser.on("disconnected", lambda _: self._lose_tabs())

    @classmethod
    async def start(cls, options: BrowserOptions) -> Self:
        """Start one; raises Playwright's Error, TimeoutError or SettingsError where it does not come up."""
        home = TemporaryDirectory(prefix="linkskipper-browser-", ignore_cleanup_errors=True)
        if options.extra_ca is not None:
            await asyncio.to_thread(trust, options.extra_ca, Path(home.name))
        playwright = await async_playwright().start()
        try:
            async with asyncio.timeout(START_SECONDS):
                browser = await _launch(playwright, options, home.name)
                pid = await _pid(browser)
        except BaseException:
            await _stop(playwright)
            home.cleanup()
            raise
        _log.info("browser.started", version=browser.version, pid=pid)
        return cls(home, playwright, browser, pid)

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
        with contextlib.suppress(*BROKEN, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.browser.close()
        self.kill()
        await _stop(self._playwright)
        self._home.cleanup()

    def kill(self) -> None:
        """End it at once; the links that are open in it are lost to it."""
        self.retire()
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._lose_tabs()

    def trim(self, limit: int) -> int:
        """Kill what renders pages with more than half of `limit` bytes; gives the bytes that the others take."""
        total = 0
        for process in self._processes():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                taken = _memory(process)
                if taken > limit / 2 and "--type=renderer" in process.cmdline():
                    process.kill()
                else:
                    total += taken
        return total

    def _processes(self) -> list[psutil.Process]:
        try:
            root = psutil.Process(self.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _lose_tabs(self) -> None:
        for tab in self.tabs:
            tab.end(TabLost("the browser has ended"))


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
    with contextlib.suppress(*BROKEN, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await playwright.stop()
