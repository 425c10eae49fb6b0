"""Requests of scripts and their responses, countdowns, and links that take several forms."""

import asyncio
import time

import pytest

from support.shortener import OTHER, TARGET, Bench, answer, header, page, provider, to

HOST = "http://s.test"
GO = "<form id=go method=post action=/links/go><input type=hidden name=t value='a b'><button name=no>Go</button></form>"
XHR = {"use": "xhr", "selector": "form#go", "pick": "url"}
BY_SCRIPT = provider(steps=[XHR])


def json(body: str, status: int = 200) -> bytes:
    return answer(status, body=body, media_type="application/json")


def waiting(**countdown: object) -> dict[str, object]:
    return provider(steps=[{**XHR, "wait": countdown}], limits={"max_wait": 10})


async def test_script_request(bench: Bench) -> None:
    """It is the request of a page's script: marked as one, with the form's fields, the cookies and the true Referer."""
    bench.put("/a", answer(200, "Set-Cookie: s=1", body=GO))
    bench.put("/links/go", json(f'{{"status":"success","message":"","url":"{TARGET}"}}'.replace("/", "\\/")))
    resolution = await bench.resolve(f"{HOST}/a", BY_SCRIPT)
    assert resolution.target_url == TARGET
    assert [(hop.url, hop.mechanism) for hop in resolution.hops] == [
        (f"{HOST}/a", "xhr"),
        (f"{HOST}/links/go", "json-value"),
    ]
    head = bench.shortener.heads[1]
    assert head.startswith("POST /links/go ")
    assert bench.shortener.bodies[1] == b"t=a+b"
    assert {
        name: header(head, name) for name in ("x-requested-with", "content-type", "origin", "referer", "cookie")
    } == {
        "x-requested-with": "XMLHttpRequest",
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "origin": HOST,
        "referer": f"{HOST}/a",
        "cookie": "s=1",
    }
    assert (header(head, "accept") or "").startswith("application/json")


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("url", '{"url": "T"}'),
        ("data.link", '{"data": {"link": "T"}}'),
        ("data.links[1].url", '{"data": {"links": [{}, {"url": "T"}]}}'),
        ("[0]", '["T"]'),
        ("[0][1].u-r_l", '[[1, {"u-r_l": "T"}]]'),
    ],
)
async def test_pick(bench: Bench, path: str, document: str) -> None:
    """A path of names and numbers leads to the URL in a JSON document."""
    bench.put("/a", page(GO))
    bench.put("/links/go", json(document.replace("T", TARGET)))
    assert (await bench.resolve(f"{HOST}/a", provider(steps=[{**XHR, "pick": path}]))).target_url == TARGET


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (json('{"status":"error","message":"Link expired"}'), "link_removed"),
        (json('{"status":"error","message":"The link was not found."}'), "link_removed"),
        (json('{"status":"error","message":"Session expired, reload the page"}'), "provider_changed"),
        (json('{"status":"error","message":"Bad Request."}'), "provider_changed"),
        (json('{"status":"error","message":"Please wait for the countdown"}', 403), "provider_changed"),
        (json('{"status":"error","message":"The CAPTCHA was incorrect"}'), "captcha_required"),
        (json('{"status":"error","message":"Please enter the password"}'), "password_required"),
        (json('{"status":"error","message":"You must log in"}'), "login_required"),
        (json('{"status":"error","message":"Disable AdBlock"}'), "adblock_gate"),
        (json('{"status":"error","url":"https://example.com/no"}'), "provider_changed"),
        (json('{"message":"CSRF token mismatch.","url":"/links/go","code":403}', 403), "upstream_error"),
        (json('{"status":"success","url":""}'), "provider_changed"),
        (json('{"status":"success","url":null}'), "provider_changed"),
        (json('{"status":"success","url":["https://example.com/"]}'), "provider_changed"),
        (json('{"status":"success"}'), "provider_changed"),
        (json("[" * 100_000), "provider_changed"),
        (json('"text"'), "provider_changed"),
        (json('{"url":"!"}').replace(b"!", b"\xff"), "provider_changed"),
        (json(""), "provider_changed"),
        (json("{", 500), "upstream_error"),
        (answer(404), "provider_changed"),
        (answer(403, "cf-mitigated: challenge"), "bot_challenge"),
        (page('<div class="h-captcha"></div>'), "captcha_required"),
        (to("https://example.com/"), "provider_changed"),
        (to("http://other.test/"), "provider_changed"),
        (json('{"url":"http://127.0.0.1/"}'), "blocked_address"),
        (json('{"url":"file:///etc/passwd"}'), "bad_scheme"),
        (json('{"url":"javascript:alert(1)"}'), "bad_scheme"),
    ],
)  # fmt: skip
async def test_replies_without_a_url(bench: Bench, reply: bytes, reason: str) -> None:
    """A refusal ends the link with the reason that it gives. A useless response means that the site has changed."""
    bench.put("/a", page(GO))
    bench.put("/links/go", reply)
    resolution = await bench.resolve(f"{HOST}/a", BY_SCRIPT)
    assert (resolution.reason, resolution.target_url) == (reason, None)


async def test_refusals_are_quoted(bench: Bench) -> None:
    """The detail quotes what the site says, cut to a sensible length."""
    bench.put("/a", page(GO))
    bench.put("/links/go", json(f'{{"status":"error","message":"Too  early{"!" * 1000}"}}'))
    detail = (await bench.resolve(f"{HOST}/a", BY_SCRIPT)).detail or ""
    assert "Too early!" in detail
    assert len(detail) < 300


@pytest.mark.parametrize("action", ["http://other.test/go", "https://s.test/go", "//127.0.0.1/go", "javascript:go()"])
async def test_scripts_stay_at_their_origin(bench: Bench, action: str) -> None:
    """A page's script cannot read the response of another origin, so nothing is sent there."""
    bench.put("/a", page(GO.replace("/links/go", action)))
    assert (await bench.resolve(f"{HOST}/a", provider("s.test", OTHER, steps=[XHR]))).reason == "provider_changed"
    assert bench.shortener.asked == ["s.test/a"]


async def test_relative_url_in_an_answer(bench: Bench) -> None:
    """A relative URL is relative to the base of the page. The request for it has the page as its Referer."""
    bench.put("/a", page(GO + "<base href=/deep/>"))
    bench.put("/links/go", json('{"url":"on"}'))
    bench.put("/deep/on", to(TARGET))
    assert (await bench.resolve(f"{HOST}/a", provider(steps=[XHR, {"use": "follow"}]))).target_url == TARGET
    assert header(bench.shortener.heads[2], "referer") == f"{HOST}/a"


async def test_optional_request(bench: Bench) -> None:
    """After a request that gave no URL, the next step sees the page again."""
    bench.put("/a", page(GO + f"<a id=plain href={TARGET}>Go</a>"))
    bench.put("/links/go", json("{}"))
    steps = [{**XHR, "optional": True}, {"use": "link", "selector": "#plain"}]
    assert (await bench.resolve(f"{HOST}/a", provider(steps=steps))).target_url == TARGET


async def test_script_request_by_get(bench: Bench) -> None:
    """A form without a method sends its fields in the query."""
    bench.put("/a", page(GO.replace("method=post", "")))
    bench.put("/links/go?t=a+b", json(f'{{"url":"{TARGET}"}}'))
    assert (await bench.resolve(f"{HOST}/a", BY_SCRIPT)).target_url == TARGET
    assert header(bench.shortener.heads[1], "origin") is None


@pytest.mark.parametrize(
    "script",
    [
        'var app_vars = {"base_url": "https:\\/\\/s.test\\/", "counter_value": "3", "x": {}};',
        "var app_vars = {counter_value: 3};",
        "app_vars['counter_value'] = '3';",
        'app_vars["counter_value"]=3',
        "app_vars.counter_value = 3",
        "var app_vars = {counter_value: 3.0, counter_value2: 9};",
    ],
)
async def test_countdown_in_a_script(bench: Bench, script: str) -> None:
    """The page's own countdown has passed before the form is sent."""
    bench.put("/a", page(f"<script>{script}</script>{GO}"))
    bench.put("/links/go", json(f'{{"url":"{TARGET}"}}'))
    assert (await bench.resolve(f"{HOST}/a", waiting(var="app_vars.counter_value"))).target_url == TARGET
    assert bench.paused == [pytest.approx(3, abs=0.5)]


async def test_countdown_of_a_file(bench: Bench) -> None:
    """A file may give the seconds of a countdown."""
    bench.put("/a", page(GO))
    bench.put("/links/go", json(f'{{"url":"{TARGET}"}}'))
    assert (await bench.resolve(f"{HOST}/a", waiting(seconds=2.5))).target_url == TARGET
    assert bench.paused == [pytest.approx(2.5, abs=0.5)]


@pytest.mark.parametrize(
    ("counter", "countdown", "reason"),
    [
        ("11", {"var": "n"}, "wait_too_long"),
        ("6", {"var": "n", "max": 5}, "wait_too_long"),
        ("999999999", {"var": "n"}, "wait_too_long"),
        ("'soon'", {"var": "n"}, "provider_changed"),
        ("3", {"var": "m"}, "provider_changed"),
    ],
)
async def test_countdowns_that_are_not_waited_out(
    bench: Bench, counter: str, countdown: dict[str, object], reason: str
) -> None:
    """A countdown that is too long ends the link at once. If a countdown is missing, the site has changed."""
    bench.put("/a", page(f"<script>var n = {counter};</script>{GO}"))
    assert (await bench.resolve(f"{HOST}/a", waiting(**countdown))).reason == reason
    assert bench.paused == []
    assert bench.shortener.asked == ["s.test/a"]


@pytest.mark.parametrize("counter", ["0", "-5"])
async def test_countdowns_that_are_over(bench: Bench, counter: str) -> None:
    """The link does not wait where the page does not wait."""
    bench.put("/a", page(f"<script>var n = {counter};</script>{GO}"))
    bench.put("/links/go", json(f'{{"url":"{TARGET}"}}'))
    assert (await bench.resolve(f"{HOST}/a", waiting(var="n"))).target_url == TARGET
    assert bench.paused == []


async def test_countdowns_add_up(bench: Bench) -> None:
    """The max_wait of a provider holds for the sum of a link's countdowns."""
    bench.put("/a", page("<form id=f method=post action=/b></form>"))
    bench.put("/b", page(GO))
    bench.put("/links/go", json(f'{{"url":"{TARGET}"}}'))
    steps = [{"use": "submit", "selector": "#f", "wait": {"seconds": 6}}, {**XHR, "wait": {"seconds": 5}}]
    assert (await bench.resolve(f"{HOST}/a", provider(steps=steps, limits={"max_wait": 11}))).target_url == TARGET
    assert bench.paused == [pytest.approx(6, abs=0.5), pytest.approx(5, abs=0.5)]
    assert (await bench.resolve(f"{HOST}/a", provider(steps=steps, limits={"max_wait": 10}))).reason == "wait_too_long"
    assert len(bench.paused) == 3


async def test_wait_step(bench: Bench) -> None:
    """A step may wait for a countdown alone, before any other step. Two countdowns run one after the other."""
    bench.put("/a", page("<script>count = 0.2</script><a id=go href=/b>Go</a>"))
    bench.put("/b", to(TARGET))
    bench.sleep = asyncio.sleep
    steps = [
        {"use": "wait", "var": "count"},
        {"use": "wait", "seconds": 0.3},
        {"use": "wait", "var": "none", "optional": True},
        {"use": "link", "selector": "#go"},
        {"use": "follow"},
    ]
    begin = time.monotonic()
    assert (await bench.resolve(f"{HOST}/a", provider(steps=steps))).target_url == TARGET
    assert time.monotonic() - begin >= 0.5


async def test_no_time_for_a_countdown(bench: Bench) -> None:
    """A countdown that would end after the link's deadline is not begun."""
    bench.put("/a", page(GO))
    impatient = provider(steps=[{**XHR, "wait": {"seconds": 5}}], limits={"timeout": 4})
    assert (await bench.resolve(f"{HOST}/a", impatient)).reason == "timeout"
    assert bench.paused == []


async def test_time_that_has_passed_counts(bench: Bench) -> None:
    """The countdown runs from the page's arrival, however long the work in between has taken."""
    bench.put("/a", page("<form id=f method=get action=/b></form>"))
    bench.put("/b?", page(GO))
    bench.put("/links/go", json(f'{{"url":"{TARGET}"}}'))
    bench.sleep = asyncio.sleep
    steps = [{"use": "wait", "seconds": 0.2}, {"use": "submit", "selector": "#f"}, {**XHR, "wait": {"seconds": 0.3}}]
    begin = time.monotonic()
    assert (await bench.resolve(f"{HOST}/a", provider(steps=steps))).target_url == TARGET
    assert time.monotonic() - begin >= 0.5


async def test_countdowns_of_two_providers(bench: Bench) -> None:
    """Each provider limits its own countdowns. One deadline holds for the whole chain."""
    here, there = {"seconds": 6}, {"seconds": 7}
    bench.put("/a", page("<form id=f action=http://other.test/b></form>"))
    bench.put("/b?", page("<form id=f action=https://example.com/target></form>"), host=OTHER)
    first = provider(steps=[{"use": "submit", "selector": "#f", "wait": here}], limits={"max_wait": 6, "timeout": 30})
    second = provider(OTHER, steps=[{"use": "submit", "selector": "#f", "wait": there}], limits={"max_wait": 7})
    resolution = await bench.resolve(f"{HOST}/a", first, second)
    assert resolution.target_url == f"{TARGET}?"
    assert bench.paused == [pytest.approx(6, abs=0.5), pytest.approx(7, abs=0.5)]


@pytest.mark.parametrize(
    ("there", "sent"),
    [("http://s.test/b", "http://s.test/a?q=1"), ("http://other.test/b", "http://s.test/")],
)
async def test_referer(bench: Bench, there: str, sent: str) -> None:
    """The Referer is the page's whole URL at its own origin, and its origin elsewhere. Redirects keep it."""
    bench.put("/a?q=1", page(f"<a id=go href={there}>Go</a>"))
    for host in ("s.test", OTHER):
        bench.put("/b", to("/c"), host=host)
        bench.put("/c", to(TARGET), host=host)
    steps = [{"use": "link", "selector": "#go"}, {"use": "follow"}]
    both = provider("s.test", OTHER, steps=steps)
    assert (await bench.resolve(f"{HOST}/a?q=1#part", both)).target_url == TARGET
    assert [header(head, "referer") for head in bench.shortener.heads] == [None, sent, sent]


async def test_loop_over_providers_and_forms(bench: Bench) -> None:
    """A link that returns to its beginning is a loop, also over several providers and their forms."""
    bench.put("/a", page("<form id=f method=post action=/go><input name=n value=1></form>"))
    bench.put("/go", to("http://other.test/b"))
    bench.put("/b", to("http://s.test/a"), host=OTHER)
    first = provider(steps=[{"use": "submit", "selector": "#f"}])
    assert (await bench.resolve(f"{HOST}/a", first, provider(OTHER))).reason == "loop_detected"
    assert bench.shortener.asked == ["s.test/a", "s.test/go", "other.test/b"]


async def test_one_deadline_over_a_chain(bench: Bench) -> None:
    """A countdown of a later provider has only the time that the first provider has left."""
    bench.put("/a", to("http://other.test/b"))
    bench.put("/b", page(GO), host=OTHER)
    second = provider(OTHER, steps=[{**XHR, "wait": {"seconds": 10}}], limits={"timeout": 100})
    assert (await bench.resolve(f"{HOST}/a", provider(limits={"timeout": 9}), second)).reason == "timeout"
    assert bench.paused == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('var app_vars = {"captcha_shortlink": "yes"};', "captcha_required"),
        ("app_vars['captcha_shortlink'] = 'yes';", "captcha_required"),
        ('var app_vars = {"captcha_shortlink": "no", "x": "yes"};', None),
        ("", None),
    ],
)
async def test_adlinkfly_captcha(bench: Bench, script: str, reason: str | None) -> None:
    """An AdLinkFly page that says it has a CAPTCHA stops the link before a form is sent, whatever else it holds."""
    bench.put("/a", page(f"<script>{script}</script>{GO}"))
    bench.put("/links/go", json(f'{{"url":"{TARGET}"}}'))
    assert (await bench.resolve(f"{HOST}/a", BY_SCRIPT)).reason == reason
    assert len(bench.shortener.asked) == (1 if reason else 2)
