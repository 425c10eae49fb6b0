"""The responses of the lab's well-behaved links, byte for byte."""

import time

import pytest

from support.raw_http import RawBrowser

LANDED = b"https://example.com/"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_each_redirect_status(browser: RawBrowser, status: int) -> None:
    """Every kind of redirect has its own status and one absolute Location."""
    answer = await browser.get(f"https://redirect.lab.test/{status}")
    assert (answer.status, answer.location) == (status, LANDED + f"status/{status}".encode())


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("three", b"/two"),
        ("two", b"/one"),
        ("one", b"/301"),
        ("path-only", b"/301"),
        ("dots/a/b", b"../../301"),
        ("query-only", b"?on"),
        ("query-only?on", LANDED + b"query-only"),
        ("scheme-relative", b"//example.com/relative"),
        ("upper-case", b"HTTPS://EXAMPLE.COM/Case"),
        ("utf-8", LANDED + b"caf\xc3\xa9"),
        ("latin-1", LANDED + b"caf\xe9"),
        ("exact", LANDED + b"%7Ea//b?x=1&&y=%2f#Top"),
        ("inherit", LANDED + b"page"),
        ("replace", LANDED + b"page#own-part"),
    ],
)
async def test_each_spelling_of_a_location(browser: RawBrowser, path: str, location: bytes) -> None:
    """A Location has exactly the bytes that its link promises."""
    assert (await browser.get(f"https://redirect.lab.test/{path}")).location == location


async def test_repeated_and_missing_locations(browser: RawBrowser) -> None:
    """A response can have two equal Locations, two different ones, an empty one, or none."""
    found = {
        path: (await browser.get(f"https://redirect.lab.test/{path}")).all(b"Location")
        for path in ("twice", "torn", "empty", "nowhere")
    }
    assert found == {
        "twice": [LANDED + b"said-twice"] * 2,
        "torn": [LANDED + b"this", LANDED + b"or-that"],
        "empty": [b""],
        "nowhere": [],
    }


async def test_upgrade_differs_by_scheme(browser: RawBrowser) -> None:
    """The upgrade link leads from HTTP to HTTPS, and from there to its destination."""
    plain = await browser.get("http://redirect.lab.test/upgrade")
    secure = await browser.get("https://redirect.lab.test/upgrade")
    assert plain.location == b"https://redirect.lab.test/upgrade"
    assert secure.location == LANDED + b"upgraded"


@pytest.mark.parametrize(
    ("path", "refresh"),
    [
        ("header", b"0; url=https://example.com/refresh/header"),
        ("header-quoted", b"0;URL='https://example.com/refresh/header-quoted'"),
        ("header-bare", b"0;https://example.com/refresh/header-bare"),
    ],
)
async def test_refresh_headers(browser: RawBrowser, path: str, refresh: bytes) -> None:
    """A response with a Refresh header has status 200 and no Location."""
    answer = await browser.get(f"https://refresh.lab.test/{path}")
    assert (answer.status, answer.all(b"Refresh"), answer.all(b"Location")) == (200, [refresh], [])


@pytest.mark.parametrize(
    ("url", "markup"),
    [
        ("refresh.lab.test/meta-quoted", b"""content="0; URL='https://example.com/refresh/meta-quoted'">"""),
        ("refresh.lab.test/meta-bare", b'content="0;https://example.com/refresh/meta-bare">'),
        ("refresh.lab.test/meta-bare-attributes", b"http-equiv=refresh content=0;url=https://example.com/"),
        ("refresh.lab.test/ampersand", b"?a=1&amp;b=2"),
        ("refresh.lab.test/noscript", b'<noscript><meta http-equiv="refresh" content="0;url=https://example.com/'),
        ("refresh.lab.test/noscript-and-script", b"location.replace('https://example.com/refresh/script-wins')"),
        ("script.lab.test/location", b'location = "https://example.com/script/location";'),
        ("script.lab.test/assign", b'document.location.assign( "https://example.com/script/assign" );'),
        ("script.lab.test/open", b"window.open('https://example.com/script/open', '_self');"),
        ("script.lab.test/escaped", rb'"https:\/\/example.com\/script\/escaped"'),
        ("script.lab.test/hexadecimal", rb"https:\x2F\x2Fexample.com\x2Fscript\x2Fhexadecimal?a=1\u0026b=2"),
        ("preview.lab.test/warning", b'<a id="continue" href="https://example.com/preview/warning">'),
        ("attribute.lab.test/button", b'<button id="go" data-url="https://example.com/preview/button">'),
        ("value.lab.test/variable", rb'var destination = "https:\/\/example.com\/preview\/value";'),
        ("dotted.lab.test/member", b'"link": "https://example.com/preview/member"}'),
        ("pattern.lab.test/call", b'showLink("https://example.com/preview/call", 5)'),
        ("gate.lab.test/recaptcha", b'class="g-recaptcha"'),
        ("gate.lab.test/hcaptcha", b'class="h-captcha"'),
        ("gate.lab.test/turnstile", b'class="cf-turnstile"'),
        ("gate.lab.test/password", b"<input type=password"),
        ("removed.lab.test/expired", b"<title>This link has expired</title>"),
    ],
)
async def test_pages_hold_what_they_are_about(browser: RawBrowser, url: str, markup: bytes) -> None:
    """A page is HTML with status 200, and has its mechanism in the spelling that it promises."""
    answer = await browser.get(f"https://{url}")
    assert (answer.status, answer.all(b"Content-Type")) == (200, [b"text/html; charset=utf-8"])
    assert markup in answer.body


async def test_changed_page_has_lost_its_link(browser: RawBrowser) -> None:
    """The changed page lacks the element of the old one."""
    old, new = [await browser.get(f"https://changed.lab.test/{age}") for age in ("old", "new")]
    assert b'id="continue"' in old.body
    assert b'id="continue"' not in new.body


@pytest.mark.parametrize(("path", "status"), [("404", 404), ("410", 410), ("alive", 302)])
async def test_removed_links_say_so_in_their_status(browser: RawBrowser, path: str, status: int) -> None:
    """Removed links have the status 404 or 410. A working one redirects."""
    assert (await browser.get(f"https://removed.lab.test/{path}")).status == status


async def test_challenge_has_its_header(browser: RawBrowser) -> None:
    """The challenge has its status and header."""
    answer = await browser.get("https://gate.lab.test/challenge")
    assert (answer.status, answer.all(b"cf-mitigated")) == (403, [b"challenge"])


async def test_cookie_link_redirects_to_itself_only_once(browser: RawBrowser) -> None:
    """The link sets a cookie and leads to itself. With the cookie it leads to the destination."""
    first = await browser.get("https://loop.lab.test/cookie")
    second = await browser.get("https://loop.lab.test/cookie", cookie="visited=yes")
    assert (first.location, first.all(b"Set-Cookie")) == (b"/cookie", [b"visited=yes; Path=/"])
    assert (second.location, second.all(b"Set-Cookie")) == (LANDED + b"after-cookie", [])


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("loop.lab.test/self", b"/self"),
        ("loop.lab.test/there", b"/back"),
        ("loop.lab.test/back", b"/there"),
        ("loop.lab.test/across", b"https://chain.lab.test/back"),
        ("chain.lab.test/back", b"https://loop.lab.test/across"),
        ("hops.lab.test/1", b"/2"),
        ("hops.lab.test/41", b"/42"),
        ("private.lab.test/metadata", b"http://169.254.169.254/latest/meta-data/"),
        ("private.lab.test/file", b"file:///etc/passwd"),
    ],
)
async def test_ways_round_and_away(browser: RawBrowser, url: str, location: bytes) -> None:
    """Loops, endless hops and forbidden destinations are plain redirects."""
    assert (await browser.get(f"https://{url}")).location == location


async def test_slow_answers_wait_as_long_as_they_say(browser: RawBrowser) -> None:
    """A link of one second answers after a second. More than sixty seconds are refused."""
    started = time.monotonic()
    answer = await browser.get("http://slow.lab.test/1/token")
    assert time.monotonic() - started >= 1
    assert answer.location == LANDED + b"slow/token"
    assert (await browser.get("http://slow.lab.test/61/token")).status == 404


async def test_bulk_answers_for_any_path(browser: RawBrowser) -> None:
    """The bulk host redirects every path to the landing page."""
    answer = await browser.get("http://bulk.lab.test/a/b?c=d")
    assert (answer.status, answer.location) == (301, LANDED + b"landing/a/b?c=d")
