"""One running Chromium: how it starts, what it uses, and how it ends."""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from pwd import struct_passwd
from time import monotonic
from typing import Self

import psutil
from playwright.async_api import Browser, Error, Playwright, async_playwright

from linkskipper.egress import can_find_peers, find_peer, socket_holder
from linkskipper.environment import allowed_environment
from linkskipper.errors import SettingsError
from linkskipper.logs import LibraryLogger
from linkskipper.resolver.browser import processes
from linkskipper.resolver.browser.environment import DriverStart, restricted_driver
from linkskipper.resolver.browser.errors import TabLost
from linkskipper.resolver.browser.home import BrowserHome
from linkskipper.resolver.browser.options import BrowserOptions
from linkskipper.resolver.browser.tab import Tab
from linkskipper.resolver.browser.trust import trust
from linkskipper.resolver.browser.user import browser_user

_log = LibraryLogger(__name__)
START_SECONDS = 30
CLOSE_SECONDS = 5

# These close every way past a proxy. The proxy decides which hosts each link may reach.
_SWITCHES = (
    # The browser looks up no name and connects to no address but the proxy's.
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
# What Chromium prints. Container engines allow the name space of users, and refuse to change the root directory in it.
_WITHOUT_SANDBOX = ("No usable sandbox", "Failed to move to new namespace", "Check failed: sys_chroot(")
_NO_PROXY = "http://nowhere.invalid:1"  # for requests outside of a link's own context, which must reach nothing
_NO_SANDBOX = (
    "Chromium's sandbox does not start here, because it needs user namespaces. Allow them (in a container, by its"
    " seccomp profile), or set LINKSKIPPER_BROWSER_SANDBOX=false to run without a sandbox."
)


class Chromium:
    """A running browser with its driver.

    Attributes:
        browser: Playwright's browser.
        tabs: The open tabs.
        links: The number of links that are open.
        served: The number of links that were opened since the start.
        idle_since: The time of `monotonic` at which the last link ended.
        retired_at: The time of `monotonic` since which it takes no more links, or None.
    """

    def __init__(self, home: BrowserHome, playwright: Playwright, browser: Browser, process: psutil.Process) -> None:
        self.browser = browser
        self.tabs: set[Tab] = set()
        self.links = 0
        self.served = 0
        self.idle_since = monotonic()
        self.retired_at: float | None = None
        self._home = home
        self._playwright = playwright
        # These are looked up at the start: a psutil.Process notices when its pid belongs to another process.
        self._process = process
        self._driver = processes.driver_of(process)
        self._uid = process.uids().effective
        self._network_pids: list[int] = []  # the process that opens connections, once it is known
        browser.on("disconnected", lambda _: self._lose_tabs())

    @classmethod
    async def start(cls, options: BrowserOptions) -> Self:
        """Start a browser.

        Raises:
            TimeoutError: It did not start in time.
            SettingsError: The extra CA cannot be used, Playwright is not supported, or the sandbox does not start.
            SystemUserError: This process is root, and no other user can run the browser in a sandbox.
            Exception: Playwright failed.
        """
        earlier_drivers = processes.drivers()
        home = await asyncio.to_thread(BrowserHome)
        try:
            async with asyncio.timeout(START_SECONDS):
                user = await asyncio.to_thread(_prepare, home, options)
                with restricted_driver(DriverStart(str(home.path), user, options.process_memory)):
                    starting = asyncio.ensure_future(async_playwright().start())
                try:
                    playwright = await asyncio.shield(starting)
                    browser = await _launch(playwright, options, home)
                    chromium = cls(home, playwright, browser, psutil.Process(await _pid(browser)))
                except BaseException:
                    await _give_up(starting, earlier_drivers)
                    raise
        except BaseException:
            home.close()
            raise
        _log.info("browser.started", version=browser.version, pid=chromium._process.pid)
        return chromium

    @property
    def is_usable(self) -> bool:
        """Whether a link may be opened in it."""
        return self.retired_at is None and self.browser.is_connected()

    @property
    def is_done(self) -> bool:
        """Whether no link is open in it and none will be."""
        return not self.links and not self.is_usable

    @property
    def has_driver(self) -> bool:
        """Whether its driver runs. Playwright does not tell that it has ended."""
        with contextlib.suppress(psutil.Error):
            return self._driver.is_running() and self._driver.status() != psutil.STATUS_ZOMBIE
        return False

    def retire(self) -> None:
        """Take no more links. Open links continue."""
        if self.retired_at is None:
            self.retired_at = monotonic()

    async def close(self) -> None:
        """End the browser and all its processes, by force if necessary."""
        self.retire()
        async with AsyncExitStack() as steps:
            steps.callback(self._home.close)
            steps.callback(self.kill)
            steps.push_async_callback(_stop, self._playwright)
            steps.callback(lambda: processes.kill(processes.family(self._process)))  # the driver then cleans up
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.browser.close()

    def kill(self) -> None:
        """Kill the browser and its driver. Open links lose their tabs."""
        self.retire()
        processes.kill(processes.family(self._driver, self._process))
        self._lose_tabs()

    def trim(self, limit: int) -> int:
        """Kill renderers that take more than `limit` bytes. Return the memory of the other processes."""
        total = 0
        for process in processes.family(self._driver, self._process):
            with contextlib.suppress(psutil.Error, OSError):
                memory = processes.memory(process)
                if memory > limit and "--type=renderer" in process.cmdline():
                    process.kill()
                else:
                    total += memory
        return total

    def owns_connection(self, theirs: tuple[str, int], ours: tuple[str, int]) -> bool:
        """Tell whether the other end of a connection on loopback is in one of its processes."""
        if not can_find_peers():
            return True
        peer = find_peer(theirs, ours)
        if peer is None or peer.uid != self._uid:
            return False
        family = (process.pid for process in processes.family(self._process))
        pid = socket_holder(self._network_pids, peer.inode) or socket_holder(family, peer.inode)
        if pid is not None:
            self._network_pids = [pid]
        return pid is not None

    def _lose_tabs(self) -> None:
        for tab in self.tabs:
            tab.frame.end(TabLost("the browser has ended"))


def _prepare(home: BrowserHome, options: BrowserOptions) -> struct_passwd | None:
    """Fill the folder of the browser and give it to its user. Return the user as `browser_user` does."""
    user = browser_user(options.executable, sandbox=options.sandbox)
    if options.extra_ca is not None:
        trust(options.extra_ca, home.path, options.extra_ca_names)
    if user is not None:
        home.give_to(user)
    return user


async def _launch(playwright: Playwright, options: BrowserOptions, home: BrowserHome) -> Browser:
    try:
        return await playwright.chromium.launch(
            executable_path=options.executable,
            args=[*_SWITCHES, f"--user-agent={options.user_agent}"],
            env={**allowed_environment(), "HOME": str(home.path), "TMPDIR": str(home.path)},
            proxy={"server": _NO_PROXY},
            chromium_sandbox=options.sandbox,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
    except Error as error:
        if any(sign in str(error) for sign in _WITHOUT_SANDBOX):
            raise SettingsError(_NO_SANDBOX) from None
        raise


async def _pid(browser: Browser) -> int:
    session = await browser.new_browser_cdp_session()
    infos = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    await session.detach()
    return next(int(info["id"]) for info in infos if info["type"] == "browser")


async def _stop(playwright: Playwright) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await playwright.stop()


async def _give_up(starting: asyncio.Future[Playwright], earlier_drivers: set[psutil.Process]) -> None:
    """End the processes of a failed start. A driver that has not answered is found among the new processes."""
    if starting.done() and not starting.cancelled() and starting.exception() is None:
        await _stop(starting.result())
    processes.kill(processes.family(*(processes.drivers() - earlier_drivers)))
    await asyncio.wait([starting], timeout=CLOSE_SECONDS)  # it fails once its driver is gone
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
