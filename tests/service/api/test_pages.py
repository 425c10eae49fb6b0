"""The pages for people, in a real browser and as clients without one see them."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest
from playwright.async_api import Browser, async_playwright

from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load
from support.service import Service

PAGES = ("/", "/docs", "/errors")
BROWSER_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
OVERFLOWING = """
() => [...document.querySelectorAll("body *")]
    .filter(element => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest("pre"))
    .map(element => element.outerHTML)
"""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(load().browser), args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.mark.parametrize("width", [390, 1280])
async def test_pages_fit_the_screen(service: Service, chromium: Browser, width: int) -> None:
    """No page scrolls sideways, requests anything else, or breaks its own content security policy."""
    page = await chromium.new_page(viewport={"width": width, "height": 844})
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    for path in PAGES:
        await page.goto(service.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate(OVERFLOWING) == []
    assert [url for url in requests if not url.startswith("data:")] == [service.url + path for path in PAGES]
    assert messages == []


async def test_style_is_applied(service: Service, chromium: Browser) -> None:
    """The policy allows the page's own style."""
    page = await chromium.new_page()
    await page.goto(f"{service.url}/docs")
    assert await page.evaluate("getComputedStyle(document.querySelector('nav ul')).listStyleType") == "none"


@pytest.mark.parametrize("width", [390, 1280])
async def test_languages_of_examples(service: Service, chromium: Browser, width: int) -> None:
    """One choice shows every request in a language. It needs no script and does not lead back to the top."""
    context = await chromium.new_context(viewport={"width": width, "height": 844})
    page = await context.new_page()
    await page.goto(f"{service.url}/docs")
    visible = "[...document.querySelectorAll('pre[class]')].filter(e => e.checkVisibility()).map(e => e.ariaLabel)"
    operations = await page.locator(".operation").count()
    assert await page.evaluate(visible) == ["curl"] * operations
    await page.evaluate("scrollTo({top: 5000, behavior: 'instant'})")
    for language in ("Python", "JavaScript", "PHP", "curl"):
        box = await page.locator(".languages label", has_text=re.compile(f"^{language}$")).bounding_box()
        assert box is not None
        assert box["y"] < 60, "the choice stays in reach"
        await page.mouse.click(box["x"] + 20, box["y"] + 10)
        assert await page.evaluate(visible) == [language] * operations
    assert await page.evaluate("scrollY") > 3000  # examples are of different lengths
    await page.keyboard.press("ArrowRight")
    assert await page.evaluate(visible) == ["Python"] * operations


async def test_welcome_page_leads_on(service: Service, chromium: Browser) -> None:
    """A browser at the root finds the reference and the health of the service."""
    page = await chromium.new_page()
    await page.goto(service.url)
    links = await page.evaluate("[...document.querySelectorAll('a')].map(link => link.getAttribute('href'))")
    assert {"/docs", "/errors", "/openapi.json", "/readyz"} <= set(links)
    for link in links:
        async with service.session.get(link) as response:
            assert response.status == 200, link


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (BROWSER_ACCEPT, 200),
        ("TEXT/HTML", 200),
        ("application/json, text/html;q=0.1", 200),
        ("*/*", 404),
        ("", 404),
        ("application/json", 404),
        ("text/html;q=0", 404),
        ("text/html;q=0.0, */*", 404),
        ("text/htmlx", 404),
    ],
)
async def test_root_without_a_browser(service: Service, accept: str, status: int) -> None:
    """A client that does not ask for HTML gets a problem document at the root."""
    async with service.session.get("/", headers={"Accept": accept}) as response:
        assert response.status == status
        assert response.headers["Vary"] == "Accept"
        assert response.content_type == ("text/html" if status == 200 else "application/problem+json")


@pytest.mark.parametrize("path", PAGES)
async def test_policy_of_pages(service: Service, path: str) -> None:
    """A page allows its own style by hash, and nothing that is unsafe."""
    async with service.session.get(path, headers={"Accept": BROWSER_ACCEPT}) as response:
        policy = response.headers["Content-Security-Policy"]
        (style,) = re.findall("<style>(.*?)</style>", await response.text(), re.DOTALL)
    assert f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/v1/account", "/v1/nothing", "/v1/jobs/x", "/healthz", "/readyz", "/metrics"])
async def test_responses_are_not_stored(service: Service, path: str) -> None:
    """Responses of the API are not stored, and browsers do not guess their type."""
    caller = await service.caller()
    async with service.session.get(path, headers={"Authorization": f"Bearer {caller.key}"}) as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
