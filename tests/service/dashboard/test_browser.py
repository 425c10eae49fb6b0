"""The pages in a real browser: each attack by itself, the first day without scripts, the keyboard, live updates."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from linkskipper.accounts import create_account, create_key, list_account_keys
from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load
from support.dashboard import give_cookie, login_code, make_user, visitor
from support.factories import KEYRING, make_hostile_jobs
from support.hostile import HOSTILE, HOSTILE_URLS
from support.service import Service, fresh_link, run_service

OVERFLOWING = """
() => [...document.querySelectorAll("main *")]
    .filter(element => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest("pre, .url"))
    .map(element => element.outerHTML)
"""
TRAP = "window.__trapped = []; for (const name of ['alert', 'open']) window[name] = (...a) => window.__trapped.push(a);"


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium that finds lan.test on this machine."""
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--host-resolver-rules=MAP lan.test 127.0.0.1"]
        browser = await playwright.chromium.launch(executable_path=find_browser(load().browser), args=arguments)
        yield browser
        await browser.close()


@dataclass
class Watched:
    """A page with everything that it complained about, and everything that it asked for."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, context: BrowserContext) -> "Watched":
        watched = cls(await context.new_page())
        watched.page.on("console", lambda message: watched.messages.append(message.text))
        watched.page.on("pageerror", lambda error: watched.messages.append(str(error)))
        watched.page.on("request", lambda request: watched.requests.append(request.url))
        return watched


@dataclass(frozen=True)
class Scene:
    """An account with data in every table that the pages show, and the paths of its pages."""

    service: Service
    cookie_of: int
    paths: tuple[str, ...]

    async def context(self, browser: Browser, **options: object) -> BrowserContext:
        context = await browser.new_context(**options)  # type: ignore[arg-type]
        await give_cookie(context, self.service, await visitor(self.service, self.cookie_of))
        return context


async def hostile_scene(service: Service) -> Scene:
    """An account in which every text is an attack."""
    caller = await service.caller(credits=1000)
    for number, text in enumerate(HOSTILE):
        await create_key(service.pool, KEYRING, caller.account_id, name=text, daily_quota=number + 1)
    await service.pool.execute("UPDATE accounts SET name = $2 WHERE id = $1", caller.account_id, HOSTILE[0])
    jobs = await make_hostile_jobs(service.pool, caller.key_id, (*HOSTILE, *HOSTILE_URLS))
    user_id = await make_user(service, f"{HOSTILE[1][:40]}{caller.account_id}", caller.account_id)
    keys = await list_account_keys(service.pool, caller.account_id)
    paths = (
        *(
            "/dashboard",
            "/dashboard/links",
            "/dashboard/credits",
            "/dashboard/keys",
            "/dashboard/settings",
            "/dashboard/try",
        ),
        *(f"/dashboard/try?job={job_id}" for job_id in jobs[::8]),
        *(f"/dashboard/try?{urlencode({'link': text})}" for text in HOSTILE[::4]),
        *(f"/dashboard/links/{job_id}" for job_id in jobs),
        *(f"/dashboard/keys/{key.id}" for key in keys),
        *(f"/dashboard/links?{urlencode({'text': text[:100], 'provider': text[:100]})}" for text in HOSTILE[:9]),
        *(f"/dashboard/providers?{urlencode({'text': text[:100]})}" for text in HOSTILE[:9]),
    )
    return Scene(service, user_id, paths)


async def test_hostile_data_is_text(service: Service, chromium: Browser) -> None:
    """Each attack stays text on the pages of links and keys: nothing runs, is asked for, or breaks the policy."""
    hostile = await hostile_scene(service)
    context = await hostile.context(chromium, viewport={"width": 390, "height": 844})
    await context.add_init_script(TRAP)
    for path in hostile.paths:
        watched = await Watched.open(context)
        await watched.page.goto(hostile.service.url + path)
        await watched.page.wait_for_timeout(50)
        assert watched.messages == []
        own = [url for url in watched.requests if not url.startswith(f"{hostile.service.url}/dashboard")]
        assert [url for url in own if not url.startswith("data:")] == []
        assert await watched.page.evaluate("window.__trapped") == []
        assert await watched.page.evaluate(OVERFLOWING) == []
        links = await watched.page.evaluate("[...document.links].map(link => link.href)")
        assert [link for link in links if not link.startswith((f"{hostile.service.url}/", "https://"))] == []
        await watched.page.close()
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_for_nobody_are_accessible(service: Service, chromium: Browser, scheme: str) -> None:
    """Sign-in and errors are accessible without a session, in both themes."""
    page = await chromium.new_page(color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    for path in ("/dashboard/in", "/dashboard/none", "/dashboard/in?unknown=x"):
        await page.goto(service.url + path)
        result = await Axe().run(page)
        assert result.violations_count == 0, f"{path}: {result.generate_report()}"
    await page.close()


async def test_link_in_the_fragment_signs_in(service: Service, chromium: Browser) -> None:
    """The printed link signs in by itself, and leaves no trace in the address or the history."""
    account = await create_account(service.pool, "fragment", credits=0)
    user_id = await make_user(service, f"fragment {account.id}", account.id)
    watched = await Watched.open(await chromium.new_context())
    code = await login_code(service.pool, user_id)
    await watched.page.goto(f"{service.url}/dashboard/in#{code}")
    await watched.page.wait_for_url(f"{service.url}/dashboard")
    assert watched.messages == []
    assert not [url for url in watched.requests if code in url.partition("#")[0]]
    await watched.page.go_back()
    assert code not in watched.page.url


@pytest.mark.attack
async def test_a_link_that_somebody_else_sent(service: Service, chromium: Browser) -> None:
    """A visitor who is signed in stays so with a link for another person, unless they press the button."""
    account = await create_account(service.pool, "swapped", credits=0)
    victim, other = [await make_user(service, f"{name} {account.id}", account.id) for name in ("victim", "other")]
    context = await chromium.new_context()
    await give_cookie(context, service, await visitor(service, victim))
    watched = await Watched.open(context)
    page = watched.page
    await page.goto(f"{service.url}/dashboard/in#{await login_code(service.pool, other)}")
    await page.get_by_text("You are signed in already").wait_for()
    await page.goto(f"{service.url}/dashboard")
    await page.get_by_text(f"victim {account.id}").wait_for()
    await page.goto(f"{service.url}/dashboard/in#{await login_code(service.pool, other)}")
    await page.get_by_role("button", name="Sign in with the link").click()
    await page.get_by_text(f"other {account.id}").wait_for()
    assert watched.messages == []


async def test_newcomer_resolves_a_first_link(service: Service, chromium: Browser) -> None:
    """The printed link leads to the first resolved link in three clicks, and the page shows its hops by itself."""
    caller = await service.caller()
    user_id = await make_user(service, f"newcomer {caller.account_id}", caller.account_id)
    watched = await Watched.open(await chromium.new_context())
    await watched.page.goto(f"{service.url}/dashboard/in#{await login_code(service.pool, user_id)}")
    await watched.page.get_by_role("link", name="Resolve a first link").click()
    await watched.page.get_by_role("button", name="A countdown").click()
    await watched.page.get_by_text("1 credit was charged").or_(watched.page.get_by_text("from the cache")).wait_for()
    assert "example.com" in await watched.page.inner_text("main")
    assert watched.messages == []


async def test_first_day_without_scripts(service: Service, chromium: Browser) -> None:
    """Signing in, making a key, rolling it and revoking it work without any script."""
    account = await create_account(service.pool, "no scripts", credits=0)
    user_id = await make_user(service, f"plain {account.id}", account.id)
    page = await (await chromium.new_context(java_script_enabled=False)).new_page()
    await page.goto(f"{service.url}/dashboard")
    await page.get_by_text("Sign in with a one-time link").click()
    await page.get_by_label("One-time link").fill(
        f"{service.url}/dashboard/in#{await login_code(service.pool, user_id)}"
    )
    await page.get_by_role("button", name="Sign in with the link").click()
    await page.get_by_role("link", name="Keys").click()
    await page.get_by_label("Name").fill("first")
    await page.get_by_label("Calls per minute").fill("many")
    await page.get_by_role("button", name="Make the key").click()
    assert await page.get_by_label("Name").input_value() == "first"
    await page.get_by_label("Calls per minute").fill("10")
    await page.get_by_role("button", name="Make the key").click()
    key = await page.get_by_label("API key").input_value()
    await page.get_by_role("link", name="Settings of this key").click()
    await page.get_by_role("button", name="Make a new value").click()
    rolled = await page.get_by_label("API key").input_value()
    assert rolled != key
    await page.get_by_role("link", name="Settings of this key").click()
    assert "works until" in await page.inner_text("main")
    await page.get_by_label("Type the last four").fill(rolled[-4:])
    await page.get_by_role("button", name="Revoke the key").click()
    assert "The key was revoked" in await page.inner_text("main")
    headers = {"Authorization": f"Bearer {rolled}"}
    async with service.session.get("/v1/account", headers=headers) as response:
        assert response.status == 401


async def test_keyboard_alone(service: Service, chromium: Browser) -> None:
    """The keyboard reaches the pages, the list of shortcuts and the rows. Typing is not taken for shortcuts."""
    caller = await service.caller()
    context = await chromium.new_context()
    user_id = await make_user(service, f"keys {caller.account_id}", caller.account_id)
    await give_cookie(context, service, await visitor(service, user_id))
    page = await context.new_page()
    await page.goto(f"{service.url}/dashboard")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await page.keyboard.press("?")
    assert await page.locator("#shortcuts").is_visible()
    await page.keyboard.press("g")
    await page.keyboard.press("k")
    assert page.url.endswith("/dashboard")
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("k")
    await page.wait_for_url("**/dashboard/keys")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/dashboard/keys/{caller.key_id}")
    await page.get_by_role("textbox", name="Name").fill("")
    await page.keyboard.type("g h ?")
    assert await page.get_by_role("textbox", name="Name").input_value() == "g h ?"
    assert page.url.endswith(f"/{caller.key_id}")


async def test_links_appear_live(service: Service, chromium: Browser) -> None:
    """A link that ends appears on the open page. The page keeps still while the pointer reads it."""
    caller = await service.caller()
    context = await chromium.new_context()
    user_id = await make_user(service, f"live {caller.account_id}", caller.account_id)
    await give_cookie(context, service, await visitor(service, user_id))
    watched = await Watched.open(context)
    async with watched.page.expect_response("**/dashboard/stream"):
        await watched.page.goto(f"{service.url}/dashboard")
    await caller.resolve(fresh_link(), wait=10)
    await watched.page.locator("table.list tbody tr").wait_for()
    assert watched.messages == []


async def test_plain_http_off_this_machine(database_url: str, tmp_path: Path, chromium: Browser) -> None:
    """A browser that asks by a name in the network can sign in, send forms and copy, although that is not secure."""
    async with run_service(database_url, tmp_path, tiers=(), dashboard_hosts=["lan.test"]) as service:
        caller = await service.caller()
        user_id = await make_user(service, "lan", caller.account_id)
        base = f"http://lan.test:{service.url.rpartition(':')[2]}"
        watched = await Watched.open(await chromium.new_context())
        await watched.page.goto(f"{base}/dashboard/in#{await login_code(service.pool, user_id)}")
        await watched.page.wait_for_url(f"{base}/dashboard")
        assert await watched.page.evaluate("isSecureContext") is False
        await watched.page.goto(f"{base}/dashboard/keys")
        await watched.page.get_by_label("Name").fill("lan")
        await watched.page.get_by_role("button", name="Make the key").click()
        await watched.page.get_by_role("button", name="Copy").first.click()
        await watched.page.get_by_role("button", name="Copied").wait_for()
        assert watched.messages == []


async def test_framing_is_refused(service: Service, chromium: Browser) -> None:
    """No page can put the dashboard into a frame, not even one of the same origin."""
    page = await chromium.new_page(bypass_csp=True)
    await page.goto(f"{service.url}/dashboard/in")
    await page.evaluate("() => { document.body.innerHTML = '<iframe src=\"/dashboard/in\"></iframe>'; }")
    await page.wait_for_timeout(500)
    assert "Sign in" not in [await frame.title() for frame in page.frames[1:]]
