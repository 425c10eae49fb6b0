"""A page in the browser reaches no private address (docs/explanation/egress-guard.md, "The browser")."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load
from support.browser_attacks import ATTACKS, NAVIGATIONS, NOT_OF_THE_SHELL, page_that
from support.browser_world import EVIL, World, in_a_browser
from support.shortener import page, to


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_address(world: World, attack: str) -> None:
    """A page cannot connect to an address that is not a host of its provider. The link continues."""
    url = f"http://127.0.0.1:{world.canary.port}/"
    world.shortener.put("/redirect", to(url))
    world.put(page_that(ATTACKS[attack], url, world.destination))
    resolution = await world.resolve()
    assert (resolution.target_url, world.canary.connections, world.canary.datagrams) == (world.destination, [], 0)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_name_that_the_file_allows(world: World, attack: str) -> None:
    """A host that the provider's file allows is judged by its address when a connection is made."""
    url = f"http://{EVIL}:{world.canary.port}/"
    world.shortener.put("/redirect", to(url))
    world.put(page_that(ATTACKS[attack], url, world.destination))
    resolution = await world.resolve(browser={"allow": [EVIL], "media": True})
    assert (resolution.target_url, world.canary.connections, world.canary.datagrams) == (world.destination, [], 0)


@pytest.mark.parametrize("navigation", NAVIGATIONS)
async def test_navigations(world: World, navigation: str) -> None:
    """A page that leads to a private address ends the link."""
    world.put(NAVIGATIONS[navigation].format(url=f"http://127.0.0.1:{world.canary.port}/"))
    resolution = await world.resolve()
    assert (resolution.reason, world.canary.touched) == ("blocked_address", False)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "chrome://version", "view-source:http://s.test/link"])
@pytest.mark.parametrize("navigation", NAVIGATIONS)
async def test_schemes_of_the_browser_itself(world: World, navigation: str, url: str) -> None:
    """A URL with a scheme of the browser's own opens nothing of this machine and is not a destination."""
    world.put(NAVIGATIONS[navigation].format(url=url))
    assert (await world.resolve(limits={"timeout": 10, "max_wait": 1})).reason in {"bad_scheme", "provider_changed"}


async def test_rebinding_by_a_page(world: World) -> None:
    """A page whose own name suddenly leads to another address cannot reach that address."""
    name, port = "rebind.test", world.shortener.port
    world.dns.set(name, ["127.0.0.3"], ["127.0.0.2"])
    world.shortener.put("/link", page(page_that(ATTACKS["fetch"], "/secret", world.destination)), host=f"{name}:{port}")
    resolution = await world.resolve(f"http://{name}:{port}/link", in_a_browser(name))
    assert (resolution.target_url, world.canary.touched) == (world.destination, False)
    assert world.shortener.asked == [f"{name}:{port}/link"]
    assert len([question for question in world.dns.asked if question == (name, "A")]) > 1


@pytest.fixture(scope="module")
async def bare() -> AsyncIterator[Browser]:
    """Yield a Chromium with nothing between it and the network."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser(load().browser), args=["--disable-features=LocalNetworkAccessChecks"]
        )
        yield browser
        await browser.close()


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if attack not in NOT_OF_THE_SHELL])
async def test_the_attacks_are_real(world: World, bare: Browser, attack: str) -> None:
    """Without the guard, each attack reaches the address."""
    url = f"http://127.0.0.1:{world.canary.port}/"
    here = f"127.0.0.1:{world.shortener.port}"
    world.shortener.put("/redirect", to(url), host=here)
    world.shortener.put("/link", page(page_that(ATTACKS[attack], url, "about:blank")), host=here)
    live = await bare.new_page()
    await live.goto(f"http://{here}/link", wait_until="commit")
    for _ in range(60):
        if world.canary.touched:
            break
        await asyncio.sleep(0.05)
    await live.close()
    assert world.canary.touched
