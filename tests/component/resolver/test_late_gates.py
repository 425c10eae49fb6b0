"""What a page that leads nowhere asks for, by signs that many other pages have too."""

import pytest

from support.shortener import TARGET, Bench, answer, page

KASADA = "<script>window.KPSDK={};</script>"
HUMAN = '<title>Access</title><script>window._pxAppId = "PXabc"</script><h1>Live</h1>'
ONE_FIELD = "<form method=post><label>{}</label><input {}><button>Go</button></form>"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer(429, body=f"{KASADA}<script src='/149e9513/ips.js?KP_UIDz=a'></script>"), "bot_challenge"),
        (answer(403, body=KASADA), "bot_challenge"),
        (answer(403, body=HUMAN), "bot_challenge"),
        (
            answer(403, body='{"appId":"PX1","blockScript":"/x/captcha.js"}', media_type="application/json"),
            "bot_challenge",
        ),
        (answer(403, body='<div id="px-captcha"></div>'), "captcha_required"),
        (answer(403, body="<script src=https://ct.captcha-delivery.com/c.js></script>"), "captcha_required"),
        (answer(429, "x-vercel-mitigated: challenge"), "bot_challenge"),
        (answer(405, body="<title>Pardon Our Interruption</title>"), "bot_challenge"),
        (answer(503, body="<title>Just a moment...</title>"), "bot_challenge"),
        (page("<div id=sec-if-cpt-container></div>"), "bot_challenge"),
        (page("<title>Making sure you're not a bot!</title><p>One moment"), "bot_challenge"),
        (page("<script>window.gokuProps = {}</script>"), "bot_challenge"),
        (page("<script>var reeseSkipExpirationCheck = 1</script>"), "bot_challenge"),
        (page(HUMAN), "not_a_link"),
        (answer(503, body=HUMAN), "upstream_error"),
        (page("<title>Just a momentous day</title>"), "not_a_link"),
        (page(ONE_FIELD.format("Enter PIN", "name=a maxlength=4")), "password_required"),
        (page(ONE_FIELD.format("", "type=tel id=pin")), "password_required"),
        (page(ONE_FIELD.format("", "type=number name=pin_code")), "password_required"),
        (page(ONE_FIELD.format("Access code:", "name=a")), "password_required"),
        (page(ONE_FIELD.format("", "name=link_password")), "password_required"),
        (page(ONE_FIELD.format("", "name=p placeholder='Mot de passe'")), "password_required"),
        (page(ONE_FIELD.format("&#35831;&#36755;&#20837;&#23494;&#30721;", "name=code")), "password_required"),
        (answer(401, body=ONE_FIELD.format("", "name=pin")), "password_required"),
        (answer(403, body=ONE_FIELD.format("", "name=passphrase")), "password_required"),
        (answer(401, body=ONE_FIELD.format("", "name=token")), "login_required"),
        (page(ONE_FIELD.format("Pin it", "name=q placeholder=Search")), "not_a_link"),
        (page(ONE_FIELD.format("Spin", "name=spin")), "not_a_link"),
        (page(ONE_FIELD.format("PIN Code / Zip", "name=pin")), "not_a_link"),
        (page(ONE_FIELD.format("Search the archive of passwords", "name=s")), "not_a_link"),
        (page(ONE_FIELD.format("PIN", "name=a") + "<input name=b>"), "not_a_link"),
        (page(ONE_FIELD.format("PIN", "name=a type=checkbox")), "not_a_link"),
        (page(ONE_FIELD.format("Password", "name=a") + "<textarea></textarea>"), "not_a_link"),
        (page(ONE_FIELD.format("PIN", "name=a") + f"<p>{'x' * 20_000}"), "not_a_link"),
    ],
)
async def test_reason(bench: Bench, reply: bytes, reason: str) -> None:
    """Such a page ends the link with what it asks for. The same signs on a live page or an outage do not count."""
    bench.put("/a", reply)
    assert (await bench.resolve("http://s.test/a")).reason == reason


ROBOTS = [
    "<script>initGeetest({gt: 1})</script>",
    "<script src=https://v-cn.vaptcha.com/v3.js></script>",
    "<script src=https://g.alicdn.com/sd/ncpc/nc.js></script>",
    "<img src=/securimage_show.php><input name=ct_code>",
    "<input name=checkcode>",
    "<img src='misc.php?mod=seccode'><input name=c>",
    "<p>Enter the characters you see in the image</p><img src=/i.php><input name=c>",
    "<p>3 + 4 = </p><input name=answer>",
    "<h1>Verify you are human</h1><p>Press the button",
]
CHECKS = [
    "<script src=/.bunny-shield/c.js></script>",
    "<script src=/_fs-ch-1T1/script.js></script>",
    "<script>rbzns</script>",
]


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize("html", ROBOTS)
async def test_checks_for_humans(bench: Bench, html: str, status: int) -> None:
    """A page that leads nowhere may ask for letters, a sum or a sign of a human without a well-known CAPTCHA."""
    bench.put("/a", answer(status, body=html))
    assert (await bench.resolve("http://s.test/a")).reason == "captcha_required"
    bench.put("/a", answer(status, body=f'{html}<meta http-equiv=refresh content="0;url={TARGET}">'))
    assert (await bench.resolve("http://s.test/a")).target_url == TARGET


@pytest.mark.parametrize("html", CHECKS)
async def test_more_challenges(bench: Bench, html: str) -> None:
    """Bunny Shield, Fastly and Reblaze show challenges."""
    bench.put("/a", page(html.replace("rbzns", "window.rbzns = {}")))
    assert (await bench.resolve("http://s.test/a")).reason == "bot_challenge"


@pytest.mark.parametrize("gate", [HUMAN, ONE_FIELD.format("PIN", "name=pin"), "<title>Checking your browser</title>"])
async def test_pages_that_move_on(bench: Bench, gate: str) -> None:
    """A page with these signs that leads on is followed."""
    bench.put("/a", page(f'{gate}<meta http-equiv=refresh content="0;url={TARGET}">'))
    assert (await bench.resolve("http://s.test/a")).target_url == TARGET
