"""The first day in a real browser, from the one-time link to the audit log, with the mouse or the keyboard alone."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright

from linkskipper.provider_health import switch_on
from linkskipper.resolver.browser import find_browser
from linkskipper.settings import load
from support.dashboard import login_code, make_user
from support.receiver import Receiver, answer, in_turn
from support.service import Service, fresh_link

PROVIDER = "awin"  # no test resolves links of it
MAX_TABS = 150
ACTIONS = [
    *("sign-in", "key.create", "link.try", "delivery.test", "delivery.send-again", "credits.correct", "voucher.create"),
    *("voucher.redeem", "provider.off"),
]


@dataclass
class Person:
    """Somebody at a browser."""

    page: Page
    has_mouse: bool

    async def press(self, control: Locator) -> None:
        """Press a button or follow a link."""
        if self.has_mouse:
            await control.click()
        else:
            await self._reach(control)
            await self.page.keyboard.press("Enter")

    async def write(self, label: str, text: str) -> None:
        """Write into a field."""
        field = self.page.get_by_label(label, exact=True)
        if self.has_mouse:
            await field.click()
        else:
            await self._reach(field)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)

    async def choose(self, label: str, option: str) -> None:
        """Choose an option by its value."""
        field = self.page.get_by_label(label, exact=True)
        if self.has_mouse:
            await field.select_option(option)
        else:
            await self._reach(field)
            while await field.input_value() != option:
                await self.page.keyboard.press("ArrowDown")

    async def open(self, title: str, letter: str) -> None:
        """Open a page by the menu or by its letters."""
        if self.has_mouse:
            await self.page.locator(f'nav a[data-letter="{letter}"]').click()
        else:
            await self.page.evaluate("document.activeElement.blur()")
            await self.page.keyboard.press("g")
            await self.page.keyboard.press(letter)
        await self.page.get_by_role("heading", level=1, name=title).wait_for()

    async def button(self, name: str) -> None:
        """Press a button by its name."""
        await self.press(self.page.get_by_role("button", name=name, exact=True))

    async def sees(self, text: str) -> None:
        """Wait for a text."""
        await self.page.locator("main").get_by_text(text).first.wait_for()

    async def _reach(self, control: Locator) -> None:
        """Press Tab until a control has the focus."""
        for _ in range(MAX_TABS):
            if await control.evaluate("element => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"The keyboard does not reach {control}")


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A tab of a browser."""
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(
            executable_path=find_browser(load().browser), args=["--no-sandbox"]
        )
        yield await browser.new_page()
        await browser.close()


@pytest.mark.parametrize(("has_mouse", "width"), [(True, 1280), (False, 1280), (True, 390)])
async def test_first_day(hooks: Service, receiver: Receiver, page: Page, *, has_mouse: bool, width: int) -> None:
    """A person makes a key, resolves, mends a webhook, runs out of credits, redeems a voucher, and finds all of it."""
    caller = await hooks.caller(credits=3)
    user_id = await make_user(hooks, f"walks {caller.account_id}", caller.account_id, is_operator=True)
    await page.set_viewport_size({"width": width, "height": 844})
    person = Person(page, has_mouse)
    await page.goto(f"{hooks.url}/dashboard/in#{await login_code(hooks.pool, user_id)}")
    await page.get_by_role("heading", level=1, name="Home").wait_for()
    await _make_key_and_resolve(person)
    await _mend_webhook(person, receiver)
    await _run_out_of_credits(person, caller.account_id)
    await person.open("Providers of the service", "o")
    await person.press(page.locator(f'main a[href="/dashboard/operate/providers/{PROVIDER}"]'))
    await person.write("Why", "asks for captchas")
    await person.button("Switch it off")
    await person.sees("asks for captchas")
    await switch_on(hooks.pool, PROVIDER)
    await person.open("Audit", "i")
    rows = await hooks.pool.fetch("SELECT action FROM audit_log WHERE account_id = $1 ORDER BY id", caller.account_id)
    assert [row["action"] for row in rows] == ACTIONS
    for action in ACTIONS:
        await person.sees(action)


async def _make_key_and_resolve(person: Person) -> None:
    await person.open("Keys", "k")
    await person.write("Name", "program")
    await person.button("Make the key")
    await person.sees("This is the only time that the key is shown")
    await person.open("Try a link", "t")
    await person.write("Link", fresh_link())
    await person.button("Resolve")
    await person.page.locator(".verdict").get_by_text(re.compile("done|failed|invalid")).wait_for()


async def _mend_webhook(person: Person, receiver: Receiver) -> None:
    await person.open("Webhooks", "w")
    await person.write("Receiver", receiver.url(receiver.host(in_turn([answer(500), answer(200)]))))
    await person.button("Send it")
    await person.sees("The receiver did not accept the test event")
    await person.button("Send it again now")
    await person.sees("The receiver accepted the event")


async def _run_out_of_credits(person: Person, account_id: int) -> None:
    await person.open("Accounts", "a")
    await person.press(person.page.locator(f'main a[href="/dashboard/operate/accounts/{account_id}"]').first)
    await person.press(person.page.get_by_role("link", name=re.compile("Grant")).first)
    await person.choose("Change", "take")
    await person.write("Credits", "2")
    await person.write("Reason", "a walk")
    await person.button("Book it")
    await person.sees("The credits were booked")
    await person.open("Try a link", "t")
    await person.write("Link", fresh_link())
    await person.button("Resolve")
    await person.sees("Out of credits")
    await person.open("Vouchers", "v")
    await person.write("Credits of each redemption", "5")
    await person.write("For", "a walk")
    await person.button("Make the vouchers")
    code = (await person.page.locator("#codes").input_value()).strip()
    await person.open("Credits", "c")
    await person.write("Voucher", code)
    await person.button("Redeem")
    await person.sees("The voucher was redeemed")
