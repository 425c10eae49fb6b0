"""How shorteners answer for links that they do not know, and what only looks like that."""

import pytest

from support.shortener import TARGET, Bench, answer, page, provider, to

LINK = "http://s.test/a"
FORM = "<form><input type=url name=url placeholder=Long><input type=password name=password></form>"
META = '<meta http-equiv=refresh content="0;url={}">'


@pytest.mark.parametrize(
    "reply",
    [
        to("/"),
        to("http://s.test/"),
        to("http://s.test", status=301),
        to("/index.php"),
        to("/", "Set-Cookie: __cf_bm=x; Path=/"),
        answer(200, "Refresh: 0;url=/"),
        page(META.format("/")),
        page("<script>location.replace('/')</script>"),
        answer(404, body=META.format("/")),
    ],
)
async def test_home_page_of_its_own_site(bench: Bench, reply: bytes) -> None:
    """A link that leads to the home page of its own site does not exist. The home page is not asked."""
    bench.put("/a", reply)
    bench.put("/", to("https://company.example/"))
    resolution = await bench.resolve(LINK)
    assert (resolution.reason, resolution.target_url) == ("link_removed", None)
    assert resolution.hops[-1].url.startswith("http://s.test")
    assert bench.shortener.asked == ["s.test/a"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer(503, body=META.format("/")), "upstream_error"),
        (answer(500, "Refresh: 0;url=/"), "upstream_error"),
        (answer(403, body=META.format("/")), "upstream_error"),
        (answer(410, body=META.format("/")), "link_removed"),
        (page(f"{META.format('/')}<p>Under maintenance"), "upstream_error"),
        (page(f"{META.format('/')}<p>Wartungsarbeiten"), "upstream_error"),
        (page(f"{META.format('/')}<title>Checking your browser</title>"), "bot_challenge"),
        (page(f"{META.format('/')}<label>PIN</label><input name=a>"), "password_required"),
        (page(META.format("/").replace("0;", "60;")), "link_removed"),
        (page(META.format("/").replace("0;", "61;")), "not_a_link"),
    ],
)
async def test_pages_that_lead_home_for_another_reason(bench: Bench, reply: bytes, reason: str) -> None:
    """A server that fails, a gate, and a page that stays for minutes say nothing about the link."""
    bench.put("/a", reply)
    assert (await bench.resolve(LINK)).reason == reason


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("/?error=404", answer(200, body=f"<h1>Shorten</h1>{FORM}")),
        ("/?x", answer(403, body="<h1>Forbidden</h1>")),
        ("/404", page("<h1>Oops</h1>")),
        ("/not-found.html", page("<h1>Oops</h1>")),
        ("/errors/404", answer(403)),
        ("/link-expired", page("<p>Try another")),
        ("/expired", page("<form><input type=password></form>")),
    ],
)
async def test_pages_for_unknown_links(bench: Bench, path: str, reply: bytes) -> None:
    """So does a link that ends on a page about errors, or on the home page, whatever that answers."""
    bench.put("/a", to(path))
    bench.put(path, reply)
    assert (await bench.resolve(LINK)).reason == "link_removed"
    steps = [{"use": "follow"}, {"use": "link", "selector": "#none"}]
    assert (await bench.resolve(LINK, provider(steps=steps))).reason == "link_removed"


async def test_a_shortener_in_a_folder(bench: Bench) -> None:
    """The folder of the link is the home page of a shortener that is in a folder."""
    bench.put("/s/a", to("/s/"))
    bench.put("/s/", answer(403))
    assert (await bench.resolve("http://s.test/s/a")).reason == "link_removed"


async def test_home_pages_that_are_no_answer_to_a_link(bench: Bench) -> None:
    """A home page is not such a page if it was the link itself, continues with a cookie, or is of another site."""
    bench.put("/", lambda head: to(TARGET) if "Cookie: gate=1" in head else page("<h1>Welcome"))
    bench.put("/a", to("/", "Set-Cookie: gate=1; Path=/"))
    bench.put("/b", to("http://other.test/"))
    bench.put("/c", to("/d"))
    bench.put("/d", page("<h1>Welcome"))
    everything = provider(match={"path": ""})
    assert (await bench.resolve(LINK)).target_url == TARGET
    assert (await bench.resolve("http://s.test/b", everything)).target_url == "http://other.test/"
    assert (await bench.resolve("http://s.test/", everything)).reason == "not_a_link"
    assert (await bench.resolve("http://s.test/c")).reason == "not_a_link"


async def test_a_host_that_fails_is_not_a_removed_link(bench: Bench) -> None:
    """An outage stays one, also on the home page. One that is being maintained says nothing about the link."""
    bench.put("/a", to("/?x"))
    bench.put("/?x", answer(503))
    assert (await bench.resolve(LINK)).reason == "upstream_error"
    bench.put("/?x", page("<h1>Under maintenance</h1>"))
    assert (await bench.resolve(LINK)).reason == "not_a_link"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (page("<div>Sorry, the link you followed has expired.</div>"), "link_removed"),
        (
            page("<title>Kutt</title><div>Link has been banned and removed because of <b>malware</b>.</div>"),
            "link_removed",
        ),
        (answer(403, body="<p>This link has been disabled.</p>"), "link_removed"),
        (answer(400, body='{"error":"Link not found"}', media_type="application/json"), "link_removed"),
        (answer(200, body="URL not found", media_type="text/plain"), "link_removed"),
        (page("<h3>Der Link ist abgelaufen</h3>"), "link_removed"),
        (page("<p>The link has expired.</p>" + "<p>Some other words.</p>" * 60), "not_a_link"),
        (page("<h1>How to fix \u201cPage not found\u201d</h1>"), "not_a_link"),
        (page("<p>It is said that this link has expired.</p>"), "not_a_link"),
        (page("<script>var text = 'Link not found.'</script><p>Hello"), "not_a_link"),
        (answer(403, body="<p>Forbidden"), "upstream_error"),
        (page("<p>Diese Seite existiert nicht <b>nur</b> auf Deutsch.</p>"), "not_a_link"),
        (page("<h1>This page is unavailable</h1><p>We are back after the maintenance."), "not_a_link"),
        (page("<h1>This page is unavailable</h1><p>Make a short link"), "link_removed"),
        (page("<p>No link exists between the two"), "not_a_link"),
    ],
)
async def test_what_pages_say(bench: Bench, reply: bytes, reason: str) -> None:
    """A page with little more than the message is one. A long page, an article and a script are not."""
    bench.put("/a", reply)
    assert (await bench.resolve(LINK)).reason == reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer(500, body="<h1>This link has been deleted</h1>"), "link_removed"),
        (answer(500, body="<p>This link does not exist"), "link_removed"),
        (answer(500, body="URL not found", media_type="text/plain"), "link_removed"),
        (answer(500, body="<h1>This link is disabled</h1>"), "upstream_error"),
        (answer(503, body="<p>The page is not available"), "upstream_error"),
        (answer(503, body="<h1>Diese Seite ist nicht erreichbar</h1>"), "upstream_error"),
        (answer(503, body="<p>This link has expired"), "link_removed"),
        (answer(503, "Retry-After: 5", body="<p>This link has expired"), "upstream_error"),
        (answer(503, "Retry-After: 5", body="<h1>This link has expired</h1>"), "upstream_error"),
        (answer(403, "Retry-After: 5", body="<p>This link has expired"), "link_removed"),
        (answer(429, body="<h1>This link is unavailable</h1>"), "upstream_error"),
        (answer(429, "Retry-After: 5", body="<p>This link has expired"), "upstream_error"),
    ],
)
async def test_what_failing_servers_say(bench: Bench, reply: bytes, reason: str) -> None:
    """A server that fails may say that the link is gone for good. A server that names a time says nothing about it."""
    bench.put("/a", reply)
    assert (await bench.resolve(LINK)).reason == reason


@pytest.mark.parametrize(
    "html",
    [
        "<div style='display:none'><h1>This link has expired</h1></div>",
        "<div class='modal fade'><h2>Ad blocker detected</h2></div>",
        "<dialog><form><input name=email><input type=password></form></dialog>",
        "<form hidden><input type=password></form>",
    ],
)
async def test_what_is_hidden(bench: Bench, html: str) -> None:
    """A message, a request or a login that the page hides does not count."""
    bench.put("/a", page(f"{html}{META.format(TARGET)}"))
    assert (await bench.resolve(LINK)).target_url == TARGET
    bench.put("/a", page(f"{html}<p>Hello"))
    assert (await bench.resolve(LINK)).reason == "not_a_link"


async def test_titles_of_destinations(bench: Bench) -> None:
    """A preview that shows what its destination is about is not a removed link."""
    bench.put(
        "/a",
        page(f"<h1>You are leaving</h1><h2>What to do when your link has expired</h2><a id=go href={TARGET}>Go</a>"),
    )
    steps = [{"use": "follow"}, {"use": "link", "selector": "#go"}]
    assert (await bench.resolve(LINK, provider(steps=steps))).target_url == TARGET


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer(401, body="<form><input type=password name=pw></form>"), "password_required"),
        (answer(401, body="<form><input name=user><input type=password></form>"), "login_required"),
        (answer(401, "WWW-Authenticate: Basic realm=x"), "login_required"),
        (page(f"<h1>Shorten</h1>{FORM}"), "not_a_link"),
        (page(f"{FORM}<form><input type=password name=pw></form>"), "password_required"),
        (page("<input type=password>"), "password_required"),
    ],
)
async def test_passwords(bench: Bench, reply: bytes, reason: str) -> None:
    """A form for the password of a link differs from a login and from a form that makes links."""
    bench.put("/a", reply)
    assert (await bench.resolve(LINK)).reason == reason


WIDGETS = [
    "<cap-widget data-cap-api-endpoint=/cap/></cap-widget>",
    "<div class=frc-captcha data-sitekey=k></div>",
    "<altcha-widget challengeurl=/c></altcha-widget>",
    "<div id=mcaptcha__widget-container></div>",
    "<div class=geetest_captcha></div>",
    "<script src=https://static.geetest.com/v4/gt4.js></script>",
    "<div id=FunCaptcha></div>",
    "<script src=https://client-api.arkoselabs.com/v2/k/api.js></script>",
    "<script src=https://x.us-east-1.captcha-sdk.awswaf.com/x/jsapi.js></script>",
    "<div class=iconcaptcha-holder></div>",
    "<div class=smart-captcha></div>",
    "<img src=/captcha.php?x=1><input name=code>",
    "<input name=captcha_code>",
]


@pytest.mark.parametrize("status", [200, 403, 405, 503])
@pytest.mark.parametrize("widget", WIDGETS)
async def test_captchas(bench: Bench, widget: str, status: int) -> None:
    """A page with a CAPTCHA asks for it, whatever its status is: it is never an outage."""
    bench.put("/a", answer(status, body=f"<form>{widget}</form>"))
    assert (await bench.resolve(LINK)).reason == "captcha_required"


@pytest.mark.parametrize(("action", "reason"), [("captcha", "captcha_required"), ("challenge", "bot_challenge")])
async def test_actions_of_a_firewall(bench: Bench, action: str, reason: str) -> None:
    """AWS WAF says in a header what it asks for."""
    bench.put("/a", answer(405, f"x-amzn-waf-action: {action}"))
    assert (await bench.resolve(LINK)).reason == reason


@pytest.mark.parametrize(
    "html", ["<p>No captcha here</p>", "<input type=hidden name=captcha value=0>", "<div class=capture>"]
)
async def test_pages_without_a_captcha(bench: Bench, html: str) -> None:
    """The word alone asks for nothing."""
    bench.put("/a", page(html))
    assert (await bench.resolve(LINK)).reason == "not_a_link"
