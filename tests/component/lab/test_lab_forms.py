"""The lab's forms enforce tokens, sessions, countdowns and single use."""

import asyncio
import re

import pytest

from linkskipper.lab.wire import LabMemory
from support.raw_http import RawAnswer, RawBrowser

pytestmark = pytest.mark.slow

ORIGIN = "https://adlinkfly.lab.test"
SCRIPT = (f"Origin: {ORIGIN}", f"Referer: {ORIGIN}/plain", "X-Requested-With: XMLHttpRequest")


def hidden(answer: RawAnswer) -> dict[str, str]:
    """Return the hidden fields of a page's last form."""
    form = answer.body.decode().rpartition("<form")[2]
    return dict(re.findall(r'type="hidden" name="([^"]+)"[^>]*? value="([^"]*)"', form))


def cookies(answer: RawAnswer) -> str:
    return "; ".join(line.decode().partition(";")[0] for line in answer.all(b"Set-Cookie"))


async def test_adlinkfly_tells_once_and_in_time(browser: RawBrowser) -> None:
    """The script gets the destination once, after the countdown."""
    page = await browser.get(f"{ORIGIN}/plain")
    await asyncio.sleep(1)
    told = [await browser.post(f"{ORIGIN}/links/go", hidden(page), cookie=cookies(page), headers=SCRIPT) for _ in "12"]
    assert b'"url":"https:\\/\\/example.com\\/adlinkfly\\/plain"' in told[0].body
    assert told[1].body == b'{"status":"error","message":"Bad Request.","url":""}'
    page = await browser.get(f"{ORIGIN}/plain")
    early = await browser.post(f"{ORIGIN}/links/go", hidden(page), cookie=cookies(page), headers=SCRIPT)
    assert b'"status":"error","message":"Too early' in early.body


@pytest.mark.parametrize("missing", ["cookie", "_csrfToken", "_method", "Origin", "Referer", "X-Requested-With"])
async def test_adlinkfly_wants_all_of_it(browser: RawBrowser, missing: str) -> None:
    """A request without its session, token, fields or headers is refused."""
    page = await browser.get(f"{ORIGIN}/plain")
    await asyncio.sleep(1)
    fields = {name: value for name, value in hidden(page).items() if name != missing}
    headers = [line for line in SCRIPT if not line.startswith(missing)]
    cookie = "" if missing == "cookie" else cookies(page)
    answer = await browser.post(f"{ORIGIN}/links/go", fields, cookie=cookie, headers=headers)
    assert answer.status in {403, 404}


async def test_adlinkfly_first_form_counts_once(browser: RawBrowser) -> None:
    """The form on the link's own page leads to the countdown once."""
    page = await browser.get(f"{ORIGIN}/first-form")
    sent = [
        await browser.post(f"{ORIGIN}/first-form", hidden(page), cookie=cookies(page), headers=SCRIPT[:2]) for _ in "12"
    ]
    assert [answer.status for answer in sent] == [200, 400]
    assert "ad_form_data" in hidden(sent[0])


async def test_safelink_is_told_once_and_in_time(browser: RawBrowser) -> None:
    """The link to the blog redirects once after the countdown. All other requests get the blog."""
    blog = "https://safelink.lab.test"
    landing = await browser.get(f"{blog}/one")
    countdown = await browser.post(f"{blog}/facts-1/", hidden(landing))
    token = re.findall(rb'href="(/\?safelink_redirect=[0-9a-f]+)"', countdown.body)[0].decode()
    assert b"wpsafe-link" not in (await browser.post(f"{blog}/facts-1/", hidden(landing))).body
    await asyncio.sleep(1)
    assert (await browser.get(blog + token)).location == b"https://example.com/safelink/one"
    assert (await browser.get(blog + token)).status == 200
    landing = await browser.get(f"{blog}/one")
    countdown = await browser.post(f"{blog}/facts-1/", hidden(landing))
    token = re.findall(rb'href="(/\?safelink_redirect=[0-9a-f]+)"', countdown.body)[0].decode()
    assert (await browser.get(blog + token)).status == 200


async def test_forms_are_looked_at_closely(browser: RawBrowser) -> None:
    """A form with an additional or missing field is refused."""
    whole = {"id": "a&b", "lang": "en", "empty": "", "terms": "on", "speed": "fast", "country": "fr", "go": "1"}
    whole["note"] = "two\r\nlines"
    url = "https://form.lab.test/take/post"
    assert (await browser.post(url, whole)).location == b"https://example.com/form/post"
    assert (await browser.post(url, whole | {"off": "x"})).status == 400
    assert (await browser.post(url, {name: whole[name] for name in whole if name != "empty"})).status == 400


async def test_bodies_have_a_limit(browser: RawBrowser) -> None:
    """The lab reads a request body up to a limit."""
    assert (await browser.post("https://form.lab.test/take/post", {"a": "x" * 70_000})).status == 400


def test_memory_has_a_limit() -> None:
    """The memory drops its oldest value when it is full."""
    memory = LabMemory(size=2)
    for key in "abc":
        memory.put(key, key)
    assert [memory.get(key) for key in "abc"] == [None, "b", "c"]
    assert [memory.take("b"), memory.take("b")] == ["b", None]
