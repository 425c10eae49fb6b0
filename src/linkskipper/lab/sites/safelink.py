"""Links as WP Safelink serves them: pages of a blog that pass the link on in hidden fields, then a countdown.

The fields are base64 of JSON, as in the plugin. They hold a ticket that works once, for this visit only.
"""

import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from secrets import token_hex

import msgspec

from linkskipper.lab.site import NOT_FOUND, Site, SiteLink, destination
from linkskipper.lab.wire import LabReply, LabRequest, document, page, redirect

COUNTDOWN_SECONDS = 1
_LANDING = """<h1>Ten facts about bread</h1>
<form id="search" action="/" method="get"><input name="s" placeholder="Search"><button>Search</button></form>
<p>Bread is <a href="https://ads.example/bread">good</a>.</p>
<div class="wpsafe-top text-center"><form id="wpsafelink-landing" name="dsb" action="{action}" method="post">
<input type="hidden" name="newwpsafelink" value="{value}"><input type="hidden" name="humanverification" value="1">
{captcha}<a href="#" onclick="return wpsafehuman()" id="wpsafelinkhuman"><button type="button">I am human</button></a>
</form></div>
<script>function wpsafehuman() {{ document.getElementById('wpsafelink-landing').submit(); return false; }}</script>"""
_COUNTDOWN = """<h1>Ten facts about butter</h1>
<div class="wpsafe-wait" id="wpsafe-wait1">Please wait <span id="wpsafe-time">{seconds}</span> seconds</div>
<div id="wpsafe-generate"><a onclick="wpsafegenerate()"><button type="button">Generate</button></a></div>
<p><a href="https://ads.example/?safelink_redirect=decoy">Download</a></p>
<div id="wpsafegenerate"><div id="wpsafe-wait2">Wait</div>
<div id="wpsafe-link"><a href="/?safelink_redirect={token}" rel="nofollow noopener"><button>Download</button></a></div>
</div>
<script>let wpsafelinkCount = {seconds}; let wpsafelinkCounter = setInterval(timer, 1000);</script>"""


@dataclass(frozen=True, slots=True)
class SafelinkPlan:
    """The number of pages before the countdown, a CAPTCHA, and the seconds of the countdown."""

    pages: int = 1
    captcha: bool = False
    shown: int = COUNTDOWN_SECONDS


PLANS = {
    "/one": SafelinkPlan(),
    "/two": SafelinkPlan(pages=2),
    "/captcha": SafelinkPlan(captcha=True),
    "/long": SafelinkPlan(shown=3600),
}


def _start(request: LabRequest) -> LabReply:
    plan = PLANS.get(request.path)
    return NOT_FOUND if plan is None else _landing(request, request.path, plan, 1)


def _landing(request: LabRequest, path: str, plan: SafelinkPlan, number: int) -> LabReply:
    ticket = token_hex(16)
    request.memory.put(f"landing {ticket}", (path, number))
    inner = f"https://{request.host}/?safelink_redirect={ticket}"
    value = b64encode(msgspec.json.encode({"second_safelink_url": "", "linkr": inner, "delay": 1, "ticket": ticket}))
    captcha = '<div class="g-recaptcha" data-sitekey="lab"></div>' if plan.captcha else ""
    return page(document(_LANDING.format(action=f"/facts-{number}/", value=value.decode(), captcha=captcha)))


def _facts(request: LabRequest) -> LabReply:
    """Accept the form of a page: show the next page, or the countdown."""
    path, number = request.memory.take(f"landing {_ticket(request)}") or ("", 0)
    if request.method != "POST" or not path or request.fields.get("humanverification") != "1":
        return page(document("<h1>Ten facts about bread</h1><p>Nothing else here.</p>"))
    plan = PLANS[path]
    if number < plan.pages:
        return _landing(request, path, plan, number + 1)
    token = token_hex(16)
    request.memory.put(f"countdown {token}", (path, time.monotonic() + plan.shown))
    return page(document(_COUNTDOWN.format(seconds=plan.shown, token=token)))


def _home(request: LabRequest) -> LabReply:
    """Redirect a visitor who waited, once. Show the blog to all others."""
    path, over = request.memory.take(f"countdown {request.parameters.get('safelink_redirect', '')}") or ("", 0)
    if path and time.monotonic() >= over:
        return redirect(destination(f"safelink{path}"))
    return page(document("<h1>A blog about bread</h1>"))


def _ticket(request: LabRequest) -> str:
    try:
        carried = msgspec.json.decode(b64decode(request.fields.get("newwpsafelink", "")), type=dict[str, object])
    except ValueError:
        return ""
    return str(carried.get("ticket", ""))


def _link(path: str, about: str, reason: str | None = None) -> SiteLink:
    return SiteLink(path, about, target=None if reason else destination(f"safelink{path}"), reason=reason)


SAFELINK = Site(
    "safelink",
    "WP Safelink",
    "Pages of a blog pass the link on in hidden fields, among decoys, up to a countdown that the server enforces.",
    (
        _link("/one", "One page, a countdown, and a link to the blog, which redirects"),
        _link("/two", "Two pages"),
        _link("/captcha", "A CAPTCHA in the form", "captcha_required"),
        _link("/long", "A countdown of an hour", "wait_too_long"),
        SiteLink(
            "/gone", "A removed link", page(document("<h1>This link has been deleted</h1>")), reason="link_removed"
        ),
    ),
    inner={"/": _home, "/facts-1/": _facts, "/facts-2/": _facts},
    otherwise=_start,
)
