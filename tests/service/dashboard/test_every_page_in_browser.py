"""Every row of the table of pages in a real browser, with an attack in every text."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeAlias

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from linkskipper.accounts import create_account
from linkskipper.dashboard.page import PageRoute
from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load
from support.dashboard import Visitor, give_cookie, make_user, visitor
from support.dashboard_scene import SHOWN, Scene, forget_scene, hostile_scene
from support.service import Service

OVERFLOWING = """
() => [...document.querySelectorAll("main *")]
    .filter(element => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest("pre, .url"))
    .map(element => element.outerHTML)
"""
TRAP = "window.__trapped = []; for (const name of ['alert', 'open']) window[name] = (...a) => window.__trapped.push(a);"
RUN_AXE = """
() => axe.run({resultTypes: ["violations"]}).then(({violations}) => violations.map(({id, nodes}) =>
    [id, ...nodes.map(({html, failureSummary}) => html + failureSummary)]))
"""
Theme: TypeAlias = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
SIZES: tuple[ViewportSize, ...] = ({"width": 1280, "height": 844}, {"width": 390, "height": 844})
FOCUSABLE = "a[href], button:not([hidden]), input:not([type=hidden]), select, textarea, summary, pre[tabindex]"


def name(page: PageRoute) -> str:
    return page.path


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(load().browser), args=["--no-sandbox"])
        yield browser
        await browser.close()


@dataclass(frozen=True)
class Shown:
    """The account of attacks, an account without data, and a session of the operator of each."""

    scene: Scene
    full: Visitor
    empty: Visitor


@pytest.fixture(scope="module")
async def shown(service: Service) -> AsyncIterator[Shown]:
    """Both accounts."""
    scene = await hostile_scene(service)
    account = await create_account(service.pool, "empty", credits=0)
    user_id = await make_user(service, f"empty {account.id}", account.id, is_operator=True)
    yield Shown(scene, await scene.operator(), await visitor(service, user_id))
    await forget_scene(service)


@pytest.fixture(scope="module")
async def tabs(shown: Shown, chromium: Browser) -> AsyncIterator[dict[str, Page]]:
    """A tab for the full account, one for the empty account, one that keeps the policy, and one without scripts."""
    service, pages = shown.scene.service, {}
    for tab, person, options in (
        ("full", shown.full, {}),
        ("empty", shown.empty, {}),
        ("strict", shown.full, {"bypass_csp": False}),
        ("plain", shown.full, {"bypass_csp": False, "java_script_enabled": False}),
    ):
        context = await chromium.new_context(**{"bypass_csp": True, **options})  # type: ignore[arg-type]
        await give_cookie(context, service, person)
        pages[tab] = await context.new_page()
    await pages["strict"].add_init_script(TRAP)
    yield pages
    for page in pages.values():
        await page.context.close()


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_page_is_accessible_and_fits(shown: Shown, tabs: dict[str, Page], page: PageRoute) -> None:
    """axe finds nothing, and nothing is cut off, in both themes and both widths, with attacks, and without data."""
    address = shown.scene.service.url + shown.scene.path(page)
    await open_page(tabs["full"], address)
    for theme, size in product(THEMES, SIZES):
        await look(tabs["full"], theme, size)
    if "{" not in page.path:
        await open_page(tabs["empty"], address)
        await look(tabs["empty"], "dark", SIZES[1])


async def open_page(tab: Page, address: str) -> None:
    """Open a page, and load axe into it."""
    answer = await tab.goto(address)
    assert answer is not None
    assert answer.status == 200
    await tab.evaluate(AXE_SCRIPT)


async def look(tab: Page, theme: Theme, size: ViewportSize) -> None:
    """Check a page in a theme and a size."""
    await tab.emulate_media(color_scheme=theme)
    await tab.set_viewport_size(size)
    assert await tab.evaluate(RUN_AXE) == [], (theme, size)
    assert await tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert await tab.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_attacks_stay_text(shown: Shown, tabs: dict[str, Page], page: PageRoute) -> None:
    """Nothing runs, nothing is asked for elsewhere, no policy is broken, and no link leads to a script."""
    tab, base = tabs["strict"], shown.scene.service.url
    messages: list[str] = []
    requests: list[str] = []

    def on_console(message: object) -> None:
        messages.append(str(getattr(message, "text", message)))

    def on_request(request: object) -> None:
        requests.append(str(getattr(request, "url", request)))

    tab.on("console", on_console)
    tab.on("pageerror", on_console)
    tab.on("request", on_request)
    await tab.goto(base + shown.scene.path(page))
    await tab.wait_for_timeout(50)
    tab.remove_listener("console", on_console)
    tab.remove_listener("pageerror", on_console)
    tab.remove_listener("request", on_request)
    assert messages == []
    assert [url for url in requests if not url.startswith((f"{base}/dashboard", "data:"))] == []
    assert await tab.evaluate("window.__trapped") == []
    links = await tab.evaluate("[...document.links].map(link => link.href)")
    assert [link for link in links if not link.startswith((f"{base}/", "https://"))] == []


@pytest.mark.parametrize("page", SHOWN, ids=name)
async def test_page_works_without_scripts_and_by_keyboard(shown: Shown, tabs: dict[str, Page], page: PageRoute) -> None:
    """Without scripts the page has its content and its forms send. The keyboard alone reaches its first controls."""
    tab = tabs["plain"]
    await tab.goto(shown.scene.service.url + shown.scene.path(page))
    assert await tab.locator("h1").count() == 1
    assert await tab.locator("form:not(:has(button)):not(:has(input[type=submit]))").count() == 0
    await tab.keyboard.press("Tab")
    assert "Skip to the content" in await tab.locator(":focus").inner_text()
    await tab.keyboard.press("Enter")
    controls = tab.locator("main").locator(FOCUSABLE)
    if await controls.count():
        await tab.keyboard.press("Tab")
        assert await tab.locator("main :focus").count() == 1
