"""Links a second through the browser engine, compared to a bare Playwright script that does the same clicks."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil
from playwright.async_api import Browser, async_playwright

from bench.harness import lab, rate, show_limit, show_ratio
from linkskipper.catalog import Catalog
from linkskipper.egress import BrowserProxy, Client, Policy
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader
from linkskipper.resolver.browser import BrowserOptions, find_browser
from linkskipper.resolver.browser.engine import BrowserEngine
from linkskipper.resolver.browser.trust import trust
from linkskipper.settings import load

PAIRS = 3
LINKS = 32
AT_ONCE = 8
MEMORY_LINKS = 200
URL = "https://interstitial.lab.test/pages"
TARGET = "https://example.com/interstitial/pages"
CLICKS = 3
MEBIBYTE = 1024**2

Work = Callable[[int], Awaitable[None]]


async def run() -> None:
    """Measure pairs in alternating order. Then measure the memory that many links leave behind."""
    async with lab() as environment:
        host_map = environment["LINKSKIPPER_HOST_MAP"].split(",")
        ca = Path(environment["LINKSKIPPER_EXTRA_CA"])
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=host_map, extra_ca=ca)
        catalog = Catalog.load(extra_dirs=[Path(environment["LINKSKIPPER_PROVIDERS_DIR"])])
        async with bare_browser(host_map, ca) as bare, our_browser(policy, ca, catalog) as ours:
            pairs = []
            for pair in range(PAIRS + 1):
                first, second = (bare, ours) if pair % 2 else (ours, bare)
                rates = {work: await rate(work, LINKS, at_once=AT_ONCE) for work in (first, second)}
                pairs.append((rates[ours], rates[bare]))
            pairs = pairs[1:]  # the first warms up
            show_ratio(
                "browser engine against a bare Playwright script",
                [our_rate / bare_rate for our_rate, bare_rate in pairs],
                aim=0.9,
                detail="{:.1f} against {:.1f} links/s".format(*map(median, zip(*pairs, strict=True))),
            )
        async with our_browser(policy, ca, catalog) as ours:
            await show_memory(ours)


async def show_memory(work: Work) -> None:
    """Show what the browser takes after many links, compared to what it took after the first few."""
    await rate(work, AT_ONCE * 2, at_once=AT_ONCE)
    before = await resting_memory()
    await rate(work, MEMORY_LINKS, at_once=AT_ONCE)
    after = await resting_memory()
    show_limit(f"browser memory after {MEMORY_LINKS} links over that after 16", after / before, limit=1.2, unit="times")
    print(f"  {before / MEBIBYTE:.0f} MiB, then {after / MEBIBYTE:.0f} MiB")


async def resting_memory() -> float:
    """Return the bytes that all child processes take, once the last context has been thrown away."""
    await asyncio.sleep(3)
    total = 0
    for process in psutil.Process(os.getpid()).children(recursive=True):
        if any("headless" in part for part in process.cmdline()[:1]):
            total += process.memory_full_info().pss
    return total


@asynccontextmanager
async def our_browser(policy: Policy, ca: Path, catalog: Catalog) -> AsyncIterator[Work]:
    """Yield the engine, as a worker runs it."""
    options = BrowserOptions(executable(), USER_AGENT, extra_ca=ca, links=10_000)
    async with (
        Client(policy, user_agent=USER_AGENT) as client,
        BrowserProxy(policy) as proxy,
        BrowserEngine(options, proxy) as engine,
    ):
        resolver = LinkResolver(catalog, client, PageReader(), browser=engine)

        async def ours(_: int) -> None:
            resolution = await resolver.resolve(URL)
            assert resolution.target_url == TARGET, resolution

        yield ours


@asynccontextmanager
async def bare_browser(host_map: list[str], ca: Path) -> AsyncIterator[Work]:
    """Yield a warm Chromium that reaches the lab directly, with a fresh context for each link."""
    address = next(item.partition("=")[2] for item in host_map if item.startswith("interstitial.lab.test:443="))
    with TemporaryDirectory() as home:
        trust(ca, Path(home))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=executable(),
                args=[f"--host-resolver-rules=MAP interstitial.lab.test:443 {address}, MAP * ~NOTFOUND"],
                env={**os.environ, "HOME": home},
            )

            async def bare(_: int) -> None:
                assert await clicked_through(browser) == TARGET

            yield bare
            await browser.close()


async def clicked_through(browser: Browser) -> str:
    """Click to the end, and return the URL that the last click asks for."""
    context = await browser.new_context()
    try:
        page = await context.new_page()
        await page.goto(URL)
        for number in range(2, CLICKS + 1):
            await page.click("#continue")
            await page.wait_for_url(f"{URL}/{number}")
        async with page.expect_request("https://example.com/**") as asked:
            await page.click("#continue")
        return (await asked.value).url
    finally:
        await context.close()


def executable() -> Path:
    """Return the Chromium that both use."""
    found = find_browser(load().browser)
    assert found is not None, "there is no Chromium"
    return found
