"""The rules that end a link, and the reasons that they give."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from linkskipper.egress import FetchLimits
from linkskipper.resolver import REASONS, Reason
from support.shortener import TARGET, Bench, answer, page, provider, to

CAPTCHA = '<form><div class="g-recaptcha" data-sitekey="k"></div></form>'

REFRESH = "<meta http-equiv=refresh content='0;url=https://ads.test/'>"

BADGE = "<script src='https://www.google.com/recaptcha/api.js?render=k'></script><div class=grecaptcha-badge></div>"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer(404), "link_removed"),
        (answer(410), "link_removed"),
        (page("<h1>This link has expired.</h1>"), "link_removed"),
        (page("<title>URL not found</title>"), "link_removed"),
        (page("<title>My link</title><h1>Expired domains</h1>"), "not_a_link"),
        (page("<p>Some say this link has expired.</p>"), "not_a_link"),
        (page(CAPTCHA), "captcha_required"),
        (page('<div class="h-captcha"></div>'), "captcha_required"),
        (page('<div class="cf-turnstile"></div>'), "captcha_required"),
        (page('<iframe src="https://www.google.com/recaptcha/api2/anchor"></iframe>'), "captcha_required"),
        (answer(403, "cf-mitigated: challenge"), "bot_challenge"),
        (answer(503, "cf-mitigated: challenge"), "bot_challenge"),
        (answer(403, body="<form id=challenge-form></form>"), "bot_challenge"),
        (page("<script>window._cf_chl_opt = {}</script>"), "bot_challenge"),
        (page("<script id=anubis_challenge type=application/json>{}</script>"), "bot_challenge"),
        (answer(403, body="<script src=/.well-known/ddos-guard/check></script>"), "bot_challenge"),
        (page("<iframe src='/_Incapsula_Resource?x'></iframe>"), "bot_challenge"),
        (page("<img src=/i.php alt=CAPTCHA>"), "captcha_required"),
        (page("<script src='https://hcaptcha.com/1/api.js?render=explicit'></script>"), "captcha_required"),
        (answer(403, body="<script src='https://www.google.com/recaptcha/api.js'></script>"), "captcha_required"),
        (answer(499, body=BADGE), "captcha_required"),
        (answer(500, body=BADGE), "upstream_error"),
        (answer(503, body=BADGE), "upstream_error"),
        (answer(503, body=CAPTCHA), "captcha_required"),
        (page("<form><input name=url><div id=captcha></div></form>"), "not_a_link"),
        (page(f"<script src=/captcha.js></script><p>{'x' * 20_000}"), "not_a_link"),
        (page("<form><input type=password name=pass></form>"), "password_required"),
        (page("<form><input name=Password></form>"), "password_required"),
        (page(f"{REFRESH}<div class='hidden md:flex'><form><input type=password></form></div>"), "password_required"),
        (page("<form><input name=passcode><input type=hidden name=user></form>"), "password_required"),
        (page("<form><input type=hidden name=password></form>"), "not_a_link"),
        (
            page("<form><input name=login><input type=password></form><form><input type=password></form>"),
            "password_required",
        ),
        (page("<form><input type=email></form><form><input type=password></form>"), "password_required"),
        (page("<form><input name=username><input type=password></form>"), "login_required"),
        (answer(401), "login_required"),
        (page("<h2>Please disable your ad blocker</h2>"), "adblock_gate"),
        (page("<h1>Welcome</h1>"), "not_a_link"),
        (answer(200), "no_destination"),
        (answer(200, body="x", media_type="image/png"), "no_destination"),
        (answer(302, body="<p>Moved</p>"), "no_destination"),
        (answer(403, body="<h1>Forbidden</h1>"), "upstream_error"),
        (to("ftp://example.com/x"), "bad_scheme"),
        (to("javascript:alert(1)"), "bad_scheme"),
        (to("file:///etc/passwd"), "bad_scheme"),
        (to("http://exa\\mple.com/"), "blocked_address"),
        (to("http://"), "no_destination"),
        (to("http://127.0.0.1/"), "blocked_address"),
        (to("http://0x7f.1/"), "blocked_address"),
        (to("http://[::1]/"), "blocked_address"),
        (to("http://localhost/"), "blocked_address"),
        (to("http://db.internal/"), "blocked_address"),
        (to("http://intranet/"), "blocked_address"),
        (page("<meta http-equiv=refresh content='0;url=http://10.0.0.1/'>"), "blocked_address"),
        (page("<script>location='http://169.254.169.254/'</script>"), "blocked_address"),
    ],
)
async def test_reason(bench: Bench, reply: bytes, reason: str) -> None:
    """Each stop rule ends the link with its own reason, as the table says."""
    bench.put("/a", reply)
    resolution = await bench.resolve("http://s.test/a")
    assert (resolution.reason, resolution.target_url) == (reason, None)
    assert resolution.status == REASONS[Reason(reason)].ends_as
    assert resolution.detail
    assert bench.shortener.asked[0] == "s.test/a"


async def test_nothing_is_read_out_from_behind_a_captcha(bench: Bench) -> None:
    """A destination in the script or links of a page that asks for a CAPTCHA is not taken."""
    hidden = f'<script>function solved() {{ location.href = "{TARGET}" }}</script><a id=go href="{TARGET}">Go</a>'
    bench.put("/a", page(CAPTCHA + hidden))
    steps = [{"use": "fetch"}, {"use": "link", "selector": "#go"}]
    assert (await bench.resolve("http://s.test/a")).reason == "captcha_required"
    assert (await bench.resolve("http://s.test/a", provider(steps=steps))).reason == "captcha_required"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (CAPTCHA, "captcha_required"),
        ("<title>Gone</title><h1>This link has expired</h1>", "link_removed"),
    ],
)
async def test_pages_that_move_on(bench: Bench, page: str, reason: str) -> None:
    """A stop rule also applies to a page that moves on by itself. It does not apply to the body of a redirect."""
    bench.put("/a", answer(200, f"Refresh: 5;url={TARGET}", body=page))
    bench.put("/b", answer(200, body=f'{page}<meta http-equiv=refresh content="5;url={TARGET}">'))
    bench.put("/c", answer(302, f"Location: {TARGET}", body=page))
    assert [(await bench.resolve(f"http://s.test/{each}")).reason for each in "abc"] == [reason, reason, None]


@pytest.mark.parametrize("length", [1, 2, 3])
async def test_loop(bench: Bench, length: int) -> None:
    """A return to an earlier URL with nothing changed is a loop, however long it is."""
    for number in range(length):
        bench.put(f"/{number}", to(f"/{(number + 1) % length}"))
    resolution = await bench.resolve("http://s.test/0")
    assert resolution.reason == "loop_detected"
    assert len(bench.shortener.asked) == length


async def test_cookie_gate_is_no_loop(bench: Bench) -> None:
    """A page that sets a cookie and redirects to itself is passed. If it sets new cookies each time, it is a loop."""
    bench.put("/a", to("/a", "Set-Cookie: seen=1"), lambda head: to(TARGET if "Cookie: seen=1" in head else "/a"))
    endless = iter(range(100))
    bench.put("/b", lambda _: to("/b", f"Set-Cookie: n={next(endless)}"))
    assert (await bench.resolve("http://s.test/a")).target_url == TARGET
    assert (await bench.resolve("http://s.test/b")).reason == "loop_detected"


async def test_cookies_live_for_one_link(bench: Bench) -> None:
    """Cookies of one link are not sent for the next link."""
    bench.put("/a", to(TARGET, "Set-Cookie: seen=1; Path=/"))
    await bench.resolve("http://s.test/a")
    await bench.resolve("http://s.test/a")
    assert not any("Cookie:" in head for head in bench.shortener.heads)


async def test_hops_up_to_the_limit(bench: Bench) -> None:
    """A link may be passed on as often as its provider's limit says. One more time is too many."""
    for number in range(4):
        bench.put(f"/{number}", to(f"/{number + 1}"))
    bench.put("/4", to(TARGET))
    limited = provider(limits={"max_hops": 3})
    assert (await bench.resolve("http://s.test/2", limited)).target_url == TARGET
    assert (await bench.resolve("http://s.test/1", limited)).reason == "too_many_hops"


async def test_whole_link_within_one_deadline(bench: Bench) -> None:
    """A server that does not answer is left when the link's time is up. The trace has its hop."""
    bench.put("/a", lambda _: b"HTTP/1.1 200 X\r\nContent-Length: 9\r\nContent-Type: text/html\r\n\r\n")
    resolution = await bench.resolve("http://s.test/a", provider(limits={"timeout": 0.2}))
    assert (resolution.reason, resolution.status) == ("timeout", "failed")
    assert [hop.status for hop in resolution.hops] == [None]


HANGS = b"HTTP/1.1 200 X\r\nContent-Length: 9\r\nContent-Type: text/html\r\n\r\n"


async def test_a_host_with_the_full_time_of_a_fetch_is_unresponsive(bench: Bench) -> None:
    """A timeout counts against a host that used up the limit of one fetch, or most of the link's time."""
    bench.put("/a", HANGS)
    bench.limits = FetchLimits(fetch_seconds=0.2)
    by_fetch = await bench.resolve("http://s.test/a")
    bench.limits = FetchLimits(fetch_seconds=15)
    by_link = await bench.resolve("http://s.test/a", provider(limits={"timeout": 0.2}))
    assert [(end.reason, end.host_unresponsive) for end in (by_fetch, by_link)] == [("timeout", True)] * 2


async def test_a_host_with_a_rest_of_the_time_is_not_blamed(bench: Bench) -> None:
    """A timeout does not count against a host that had only the time that a countdown left."""
    bench.sleep = asyncio.sleep
    bench.put("/a", page("<a id=go href=/b>Go</a>"))
    bench.put("/b", HANGS)
    steps = [{"use": "fetch"}, {"use": "wait", "seconds": 0.7}, {"use": "link", "selector": "#go"}]
    resolution = await bench.resolve(
        "http://s.test/a", provider(limits={"timeout": 1}, steps=[*steps, {"use": "fetch"}])
    )
    assert (resolution.reason, resolution.host_unresponsive) == ("timeout", False)
    assert resolution.hops[-1].url == "http://s.test/b"


async def test_a_countdown_over_the_time_does_not_blame_the_host(bench: Bench) -> None:
    """A link that has no time for a countdown, or that is resolved, does not count against its host."""
    bench.put("/a", page("<p>Wait</p>"))
    bench.put("/b", to(TARGET))
    late = await bench.resolve(
        "http://s.test/a", provider(limits={"timeout": 1}, steps=[{"use": "wait", "seconds": 5}])
    )
    good = await bench.resolve("http://s.test/b")
    assert [(end.reason, end.host_unresponsive) for end in (late, good)] == [("timeout", False), (None, False)]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_transient_errors_are_tried_again(bench: Bench, status: int) -> None:
    """A request with a temporary error is sent again with growing pauses, three times in all."""
    bench.put("/once", answer(status), to(TARGET))
    bench.put("/ever", answer(status))
    assert (await bench.resolve("http://s.test/once")).target_url == TARGET
    assert bench.paused == [pytest.approx(0.2)]
    assert (await bench.resolve("http://s.test/ever")).reason == "upstream_error"
    assert bench.paused[1:] == [pytest.approx(0.2), pytest.approx(0.4)]
    assert bench.shortener.asked.count("s.test/ever") == 3


async def test_lasting_errors_are_not(bench: Bench) -> None:
    """A request with a permanent error is sent once."""
    bench.put("/a", answer(403))
    await bench.resolve("http://s.test/a")
    assert bench.shortener.asked == ["s.test/a"]


async def test_dropped_connections_are_tried_again(bench: Bench) -> None:
    """A connection that ends without a response counts as a temporary error."""
    bench.put("/a", b"", b"", to(TARGET))
    assert (await bench.resolve("http://s.test/a")).target_url == TARGET
    bench.put("/b", b"")
    assert (await bench.resolve("http://s.test/b")).reason == "upstream_error"


async def test_retry_after(bench: Bench) -> None:
    """The server's Retry-After is honoured if the link has time for it. Otherwise the link ends at once."""
    bench.put("/soon", answer(429, "Retry-After: 2"), to(TARGET))
    bench.put("/late", answer(429, "Retry-After: 3600"))
    assert (await bench.resolve("http://s.test/soon")).target_url == TARGET
    assert bench.paused == [2]
    assert (await bench.resolve("http://s.test/late")).reason == "upstream_error"
    assert bench.shortener.asked.count("s.test/late") == 1


def _date_in(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


async def test_retry_after_a_date(bench: Bench) -> None:
    """A date in Retry-After is honoured as a number of seconds is. A date in the past asks for no wait."""
    bench.put("/soon", lambda _: answer(503, f"Retry-After: {_date_in(20)}"), to(TARGET))
    bench.put("/late", lambda _: answer(503, f"Retry-After: {_date_in(3600)}"))
    bench.put("/past", answer(503, "Retry-After: Fri, 05 Jun 2015 12:00:00 GMT"), to(TARGET))
    assert (await bench.resolve("http://s.test/soon")).target_url == TARGET
    assert [5 < pause <= 20 for pause in bench.paused] == [True]
    assert (await bench.resolve("http://s.test/late")).reason == "upstream_error"
    assert bench.shortener.asked.count("s.test/late") == 1
    assert (await bench.resolve("http://s.test/past")).target_url == TARGET
    assert bench.paused[1:] == [pytest.approx(0.2)]


async def test_refused_provider_address(bench: Bench) -> None:
    """A provider's own URL that the guard refuses ends as blocked_address."""
    bench.put("/a", to("http://s.test:22/b"))
    assert (await bench.resolve("http://s.test/a")).reason == "blocked_address"


async def test_decoys_are_passed_over(bench: Bench) -> None:
    """A decoy is never the destination. The next candidate is, if there is one."""
    decoyed = provider(accept={"decoys": ["*.ads.test"]})
    bench.put("/a", page(f"<script>location='http://x.ads.test/';location='{TARGET}'</script>"))
    bench.put("/b", to("http://x.ads.test/"))
    assert (await bench.resolve("http://s.test/a", decoyed)).target_url == TARGET
    assert (await bench.resolve("http://s.test/b", decoyed)).reason == "no_destination"


async def test_other_schemes_only_where_accepted(bench: Bench) -> None:
    """A magnet link is a destination only for a provider whose file says so."""
    magnet = "magnet:?xt=urn:btih:ABC&dn=A%20b"
    bench.put("/a", to(magnet))
    assert (await bench.resolve("http://s.test/a")).reason == "bad_scheme"
    accepting = provider(accept={"schemes": ["https", "magnet"]})
    assert (await bench.resolve("http://s.test/a", accepting)).target_url == magnet
    bench.put("/b", to("http://example.com/"))
    assert (await bench.resolve("http://s.test/b", accepting)).reason == "bad_scheme"


@pytest.mark.parametrize("target", ["mailto:a@b.test", "http://10.0.0.1/x", "http://user@s.test/b"])
async def test_the_trace_ends_with_what_is_not_given_out(bench: Bench, target: str) -> None:
    """The last hop is the URL of the shortener, even if that may be neither requested nor returned."""
    bench.put("/a", to(target))
    resolution = await bench.resolve("http://s.test/a")
    assert [hop.url for hop in resolution.hops] == ["http://s.test/a", target]
    assert target in str(resolution.detail)
    assert bench.shortener.asked == ["s.test/a"]


def test_every_reason_has_a_rule() -> None:
    """The table has a rule for each reason, also for the two special ones (docs/explanation/states.md)."""
    assert set(REASONS) == set(Reason)
    assert [reason for reason, rule in REASONS.items() if rule.remembered] == [Reason.LINK_REMOVED]
    assert [reason for reason, rule in REASONS.items() if rule.retried] == [Reason.UPSTREAM_ERROR]
    assert {reason for reason, rule in REASONS.items() if rule.ends_as == "invalid"} == {
        Reason.NOT_A_LINK,
        Reason.BAD_SCHEME,
        Reason.NO_DESTINATION,
        Reason.UNSUPPORTED_LINK,
    }
