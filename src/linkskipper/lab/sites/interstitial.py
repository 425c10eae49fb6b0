"""Pages that only a browser gets past: countdowns, buttons that scripts enable, links that scripts build."""

import time
from urllib.parse import parse_qs

from linkskipper.lab.site import Link, Site, destination
from linkskipper.lab.wire import Reply, Request, document, page, redirect

COUNTDOWN_SECONDS = 1
FRAMES_DEEP = 40

# Counts down, then enables the button and gives it the link, which it builds from parts.
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
    """A page whose button does this once it is enabled."""
    ready = _ENABLE.format(action=action)
    return document(_COUNTDOWN.format(seconds=COUNTDOWN_SECONDS, ready=ready))


def _timed(request: Request) -> Reply:
    """A countdown whose end the server enforces, by the time at which it gave the page out."""
    parts = f'["/", "open", "?since=", "{time.monotonic()}"].join("")'
    del request
    return page(_countdown(f"location.href = {parts};"))


def _open(request: Request) -> Reply:
    since = float(parse_qs(request.query).get("since", ["inf"])[0])
    if time.monotonic() - since < COUNTDOWN_SECONDS:
        return page(document("<h1>Too early</h1><p>Wait for the countdown.</p>"), status=403)
    return redirect(destination("interstitial/countdown"))


def _leading_to(name: str) -> str:
    return f"location.href = '{destination(f'interstitial/{name}')}';"


def _button(markup: str, *, before: str = "") -> bytes:
    return page(document(f"{before}<h1>One more step</h1>\n{markup}"))


def _frames(request: Request) -> Reply:
    """Frames in frames, each of them a page of its own."""
    depth = int(parse_qs(request.query).get("in", ["0"])[0])
    inner = f'<iframe src="/frames?in={depth + 1}"></iframe>' if depth < FRAMES_DEEP else ""
    button = "" if depth else f'<a id="continue" href="{destination("interstitial/frames")}">Continue</a>'
    return page(document(button + inner))


_CAPTCHA = (
    """button.outerHTML = '<div class="g-recaptcha" data-sitekey="lab"></div><button id="continue">Go</button>';"""
)

INTERSTITIAL = Site(
    "interstitial",
    "Countdowns and buttons",
    "Pages whose scripts lead on, once a visitor has waited and clicked. They need a browser.",
    (
        Link(
            "/countdown",
            "A countdown, then a button; its script builds the link, and the server checks the time",
            _timed,
            destination("interstitial/countdown"),
        ),
        Link(
            "/pages",
            "Three pages, each with a button to continue",
            _button('<a id="continue" href="/pages/2">Continue</a>'),
            destination("interstitial/pages"),
        ),
        Link(
            "/new-tab",
            "A link that would open in a new tab",
            _button(f'<a id="continue" target="_blank" href="{destination("interstitial/new-tab")}">Continue</a>'),
            destination("interstitial/new-tab"),
        ),
        Link(
            "/popups",
            "A click that opens an advertisement as well",
            _button(
                '<button id="continue">Continue</button><script>document.getElementById("continue").onclick = () => {'
                f' window.open("https://ads.example/"); {_leading_to("popups")} }};</script>'
            ),
            destination("interstitial/popups"),
        ),
        Link(
            "/dialogs",
            "Dialogs on the way in, at the click and on the way out",
            _button(
                '<button id="continue">Continue</button>'
                '<script>alert("Welcome!"); window.onbeforeunload = () => "Stay!";'
                'document.getElementById("continue").onclick = () => { confirm("Sure?"); prompt("Really?");'
                f" {_leading_to('dialogs')} }};</script>"
            ),
            destination("interstitial/dialogs"),
        ),
        Link(
            "/decoys",
            "Big buttons to advertisements around the right one, and a script that goes to one by itself",
            _button(
                '<a class="button" href="https://ads.example/1">CONTINUE</a>'
                f'<a id="continue" href="{destination("interstitial/decoys?exact=%7E&&#Top")}">continue</a>'
                '<a class="button" href="https://ads.example/2">CONTINUE</a><script>location = "https://ads.example/3";</script>'
            ),
            destination("interstitial/decoys?exact=%7E&&#Top"),
        ),
        Link(
            "/form",
            "A button that posts a form, answered with a redirect",
            _button('<form method="post" action="/form/sent"><button id="continue">Continue</button></form>'),
            destination("interstitial/form"),
        ),
        Link(
            "/late",
            "A button that is not there until the countdown is over",
            page(
                document(
                    "<h1>Wait</h1><script>setTimeout(() => { const link = document.createElement('a');"
                    f" link.id = 'continue'; link.href = '{destination('interstitial/late')}'; link.textContent = 'Go';"
                    f" document.body.append(link); }}, {COUNTDOWN_SECONDS * 1000});</script>"
                )
            ),
            destination("interstitial/late"),
        ),
        Link(
            "/frames",
            "A page of frames, forty deep",
            _frames,
            destination("interstitial/frames"),
        ),
        Link(
            "/chain",
            "A button that leads to another shortener",
            _button('<a id="continue" href="https://redirect.lab.test/301">Continue</a>'),
            destination("status/301"),
        ),
        Link(
            "/at-once",
            "A plain redirect, as some of their links are",
            redirect(destination("at-once")),
            destination("at-once"),
        ),
        Link(
            "/captcha",
            "A CAPTCHA that appears when the countdown is over",
            page(document(_COUNTDOWN.format(seconds=COUNTDOWN_SECONDS, ready=_CAPTCHA))),
            reason="captcha_required",
        ),
        Link(
            "/loop",
            "A button that leads back to its own page",
            _button('<a id="continue" href="/loop">Continue</a>'),
            reason="loop_detected",
        ),
        Link(
            "/private",
            "A button that leads into a private network",
            _button('<a id="continue" href="http://10.0.0.1/">Continue</a>'),
            reason="blocked_address",
        ),
        Link(
            "/magnet",
            "A button to another program",
            _button('<a id="continue" href="magnet:?xt=urn:btih:lab">Continue</a>'),
            reason="bad_scheme",
        ),
        Link(
            "/file",
            "A button to a file of this machine",
            _button('<a id="continue" href="file:///etc/passwd">Continue</a>'),
            reason="bad_scheme",
        ),
        Link(
            "/gone", "A link that is gone", page(document("<h1>Link not found</h1>"), status=404), reason="link_removed"
        ),
    ),
    inner={
        "/open": _open,
        "/pages/2": _button('<button id="continue" onclick="location.assign(\'/pages/3\')">Continue</button>'),
        "/pages/3": _button(f'<a id="continue" href="{destination("interstitial/pages")}">Continue</a>'),
        "/form/sent": redirect(destination("interstitial/form"), status=303),
    },
)
