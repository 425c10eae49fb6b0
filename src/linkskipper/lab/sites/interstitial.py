"""Pages that need a browser: countdowns, buttons that scripts enable, links that scripts build."""

import time
from urllib.parse import parse_qs

from linkskipper.lab.site import Site, SiteLink, destination
from linkskipper.lab.wire import LabReply, LabRequest, document, page, redirect

COUNTDOWN_SECONDS = 1
FRAME_DEPTH = 40

_COUNTDOWN = """<h1>Your link is almost ready</h1>
<p id="left">{seconds}</p>
<p><a class="ad" href="https://ads.example/">DOWNLOAD NOW</a></p>
<form id="form"><button id="continue" type="button" disabled>Please wait</button></form>
<script>
let left = {seconds};
const button = document.getElementById("continue");
const timer = setInterval(() => {{
  document.getElementById("left").textContent = --left;
  if (left > 0) return;
  clearInterval(timer);
  {ready}
}}, 1000);
</script>"""
_ENABLE = 'button.disabled = false; button.textContent = "Get link"; button.onclick = () => {{ {action} }};'


def _countdown(action: str) -> str:
    """Return a countdown page whose button runs `action` once it is enabled."""
    ready = _ENABLE.format(action=action)
    return document(_COUNTDOWN.format(seconds=COUNTDOWN_SECONDS, ready=ready))


def _timed(request: LabRequest) -> LabReply:
    """Show a countdown. The link has the time of this response, by which the server enforces the end."""
    parts = f'["/", "open", "?since=", "{time.monotonic()}"].join("")'
    del request
    return page(_countdown(f"location.href = {parts};"))


def _open(request: LabRequest) -> LabReply:
    since = float(parse_qs(request.query).get("since", ["inf"])[0])
    if time.monotonic() - since < COUNTDOWN_SECONDS:
        return page(document("<h1>Too early</h1><p>Wait for the countdown.</p>"), status=403)
    return redirect(destination("interstitial/countdown"))


def _leading_to(name: str) -> str:
    return f"location.href = '{destination(f'interstitial/{name}')}';"


def _button(markup: str, *, before: str = "") -> bytes:
    return page(document(f"{before}<h1>One more step</h1>\n{markup}"))


def _frames(request: LabRequest) -> LabReply:
    """Show a page with a frame, which holds a page with a frame, and so on."""
    depth = int(parse_qs(request.query).get("in", ["0"])[0])
    inner = f'<iframe src="/frames?in={depth + 1}"></iframe>' if depth < FRAME_DEPTH else ""
    button = "" if depth else f'<a id="continue" href="{destination("interstitial/frames")}">Continue</a>'
    return page(document(button + inner))


_CAPTCHA = (
    """button.outerHTML = '<div class="g-recaptcha" data-sitekey="lab"></div><button id="continue">Go</button>';"""
)

INTERSTITIAL = Site(
    "interstitial",
    "Countdowns and buttons",
    "Pages whose scripts lead to the destination after a countdown and a click. They need a browser.",
    (
        SiteLink(
            "/countdown",
            "A countdown, then a button. The script builds the link, and the server checks the time",
            _timed,
            destination("interstitial/countdown"),
        ),
        SiteLink(
            "/pages",
            "Three pages, each with a button to continue",
            _button('<a id="continue" href="/pages/2">Continue</a>'),
            destination("interstitial/pages"),
        ),
        SiteLink(
            "/new-tab",
            "A link for a new tab",
            _button(f'<a id="continue" target="_blank" href="{destination("interstitial/new-tab")}">Continue</a>'),
            destination("interstitial/new-tab"),
        ),
        SiteLink(
            "/popups",
            "A click that also opens an advertisement",
            _button(
                '<button id="continue">Continue</button><script>document.getElementById("continue").onclick = () => {'
                f' window.open("https://ads.example/"); {_leading_to("popups")} }};</script>'
            ),
            destination("interstitial/popups"),
        ),
        SiteLink(
            "/dialogs",
            "Dialogs at the start, at the click and at the end",
            _button(
                '<button id="continue">Continue</button>'
                '<script>alert("Welcome!"); window.onbeforeunload = () => "Stay!";'
                'document.getElementById("continue").onclick = () => { confirm("Sure?"); prompt("Really?");'
                f" {_leading_to('dialogs')} }};</script>"
            ),
            destination("interstitial/dialogs"),
        ),
        SiteLink(
            "/decoys",
            "Buttons to advertisements around the real one, and a script that goes to an advertisement",
            _button(
                '<a class="button" href="https://ads.example/1">CONTINUE</a>'
                f'<a id="continue" href="{destination("interstitial/decoys?exact=%7E&&#Top")}">continue</a>'
                '<a class="button" href="https://ads.example/2">CONTINUE</a><script>location = "https://ads.example/3";</script>'
            ),
            destination("interstitial/decoys?exact=%7E&&#Top"),
        ),
        SiteLink(
            "/form",
            "A button that sends a form, whose response redirects",
            _button('<form method="post" action="/form/sent"><button id="continue">Continue</button></form>'),
            destination("interstitial/form"),
        ),
        SiteLink(
            "/late",
            "A button that appears when the countdown ends",
            page(
                document(
                    "<h1>Wait</h1><script>setTimeout(() => { const link = document.createElement('a');"
                    f" link.id = 'continue'; link.href = '{destination('interstitial/late')}'; link.textContent = 'Go';"
                    f" document.body.append(link); }}, {COUNTDOWN_SECONDS * 1000});</script>"
                )
            ),
            destination("interstitial/late"),
        ),
        SiteLink(
            "/frames",
            "Forty nested frames",
            _frames,
            destination("interstitial/frames"),
        ),
        SiteLink(
            "/chain",
            "A button that leads to another shortener",
            _button('<a id="continue" href="https://redirect.lab.test/301">Continue</a>'),
            destination("status/301"),
        ),
        SiteLink(
            "/at-once",
            "A plain redirect",
            redirect(destination("at-once")),
            destination("at-once"),
        ),
        SiteLink(
            "/captcha",
            "A CAPTCHA that appears when the countdown ends",
            page(document(_COUNTDOWN.format(seconds=COUNTDOWN_SECONDS, ready=_CAPTCHA))),
            reason="captcha_required",
        ),
        SiteLink(
            "/loop",
            "A button that leads back to its own page",
            _button('<a id="continue" href="/loop">Continue</a>'),
            reason="loop_detected",
        ),
        SiteLink(
            "/private",
            "A button that leads into a private network",
            _button('<a id="continue" href="http://10.0.0.1/">Continue</a>'),
            reason="blocked_address",
        ),
        SiteLink(
            "/magnet",
            "A button to another program",
            _button('<a id="continue" href="magnet:?xt=urn:btih:lab">Continue</a>'),
            reason="bad_scheme",
        ),
        SiteLink(
            "/file",
            "A button to a file of this machine",
            _button('<a id="continue" href="file:///etc/passwd">Continue</a>'),
            reason="bad_scheme",
        ),
        SiteLink(
            "/gone", "A removed link", page(document("<h1>Link not found</h1>"), status=404), reason="link_removed"
        ),
    ),
    inner={
        "/open": _open,
        "/pages/2": _button('<button id="continue" onclick="location.assign(\'/pages/3\')">Continue</button>'),
        "/pages/3": _button(f'<a id="continue" href="{destination("interstitial/pages")}">Continue</a>'),
        "/form/sent": redirect(destination("interstitial/form"), status=303),
    },
)
