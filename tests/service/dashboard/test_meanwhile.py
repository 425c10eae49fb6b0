"""Pages while something else happens: the database is away, a key ends, and two people change the same thing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from linkskipper.accounts import revoke_key
from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load
from support.dashboard import give_cookie, make_user, visitor
from support.hanging import hanging
from support.service import Service, fresh_link, run_service


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(load().browser), args=["--no-sandbox"])
        yield browser
        await browser.close()


async def test_database_away(server_url: str, database_url: str, tmp_path: Path) -> None:
    """While the database is away, each page says so and loads itself again. Then it is itself again."""
    async with run_service(database_url, tmp_path, tiers=(), webhooks=False) as service:
        caller = await service.caller()
        person = await visitor(service, await make_user(service, "waits", caller.account_id, is_operator=True))
        async with hanging(service, server_url):
            async with asyncio.timeout(60):
                while (answer := await person.get("/dashboard/keys")).status != 503:
                    await asyncio.sleep(0.05)
        assert "The database is away" in answer.visible_text
        assert (answer.headers["refresh"], answer.headers["retry-after"]) == ("5", "5")
        async with asyncio.timeout(60):
            while (await person.get("/dashboard/keys")).status != 200:
                await asyncio.sleep(0.1)


async def test_page_of_a_key_shows_its_end(service: Service, chromium: Browser) -> None:
    """The open page of a key says that somebody revoked it, and the session that read with it is over."""
    caller = await service.caller()
    user_id = await make_user(service, f"watches {caller.account_id}", caller.account_id)
    context = await chromium.new_context()
    await give_cookie(context, service, await visitor(service, user_id))
    page = await context.new_page()
    await page.goto(f"{service.url}/dashboard/keys/{caller.key_id}")
    await page.get_by_role("textbox", name="Name").fill("half typed")
    guest = await visitor(service)
    assert (await guest.post("/dashboard/in", {"way": "key", "key": caller.key})).status == 303
    await revoke_key(service.pool, caller.key_id)
    await page.get_by_text("This key is revoked").wait_for()
    assert await page.get_by_role("textbox", name="Name").input_value() == "half typed"
    async with asyncio.timeout(60):
        while (await guest.get("/dashboard")).status != 303:
            await asyncio.sleep(0.05)
    await context.close()


async def test_two_tabs_change_a_key(service: Service) -> None:
    """The second of two forms that were opened at the same time is told, and changes nothing."""
    caller = await service.caller()
    person = await visitor(service, await make_user(service, f"tabs {caller.account_id}", caller.account_id))
    path = f"/dashboard/keys/{caller.key_id}"
    seen = (await person.get(path)).text.partition('name="seen" value="')[2].partition('"')[0]
    assert (await person.post(path, {"name": "a", "rate_limit": "5", "seen": seen})).status == 303
    answer = await person.post(path, {"name": "b", "rate_limit": "6", "seen": seen})
    assert (answer.status, "Somebody changed this key meanwhile" in answer.visible_text) == (409, True)
    assert await service.pool.fetchval("SELECT name FROM api_keys WHERE id = $1", caller.key_id) == "a"


async def test_use_is_shown(service: Service) -> None:
    """A link and a second answer from the cache appear in the chart of the account, of the key and of the provider."""
    caller = await service.caller()
    user_id = await make_user(service, f"use {caller.account_id}", caller.account_id, is_operator=True)
    person = await visitor(service, user_id)
    link = fresh_link()
    for _ in range(2):
        assert (await caller.resolve(link, wait=10)).status == 200
    for path in ("/dashboard", f"/dashboard/keys/{caller.key_id}", f"/dashboard/operate/accounts/{caller.account_id}"):
        async with asyncio.timeout(60):
            while "2 links: 1 done, 1 from the cache" not in (await person.get(path)).visible_text:
                await asyncio.sleep(0.1)
        for period in ("24h", "7d", "30d", "90d"):
            page = await person.get(f"{path}?period={period}")
            assert (page.status, "1 done, 1 cached, 0 failed" in page.visible_text) == (200, True)
    assert "<svg" in (await person.get("/dashboard/operate/providers/lab-bulk")).text
