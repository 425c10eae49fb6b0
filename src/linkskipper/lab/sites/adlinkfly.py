"""Links as AdLinkFly serves them: sessions, CSRF tokens, forms to the same URL, and a countdown.

Every form has the fields that AdLinkFly's framework checks: the token that the cookie repeats, and marks of the fields
that it had. The server stores the state of a form and removes it when the form is sent.
"""

import time
from dataclasses import dataclass
from secrets import token_hex

from linkskipper.lab.site import NOT_FOUND, Site, SiteLink, destination
from linkskipper.lab.wire import LabReply, LabRequest, document, json, page

COUNTDOWN_SECONDS = 1
_ERROR = '{{"status":"error","message":"{}","url":""}}'
_HIDDEN = """<div style="display:none;"><input type="hidden" name="_method" value="POST">
<input type="hidden" name="_csrfToken" autocomplete="off" value="{csrf}"></div>"""
_MARKS = """<div style="display:none;"><input type="hidden" name="_Token[fields]" autocomplete="off" value="{fields}">
<input type="hidden" name="_Token[unlocked]" autocomplete="off" value="{unlocked}"></div>"""
_STAGE = """<form method="post" accept-charset="utf-8" id="{id}" action="{action}">{hidden}
<input type="hidden" name="action" value="continue">
{captcha}<button class="btn btn-captcha" type="submit">Click here to continue</button>{marks}</form>"""
_GO = """<h4>Your link is almost ready.</h4><span id="timer" class="timer">{seconds}</span>
<a href="https://ads.example/download" class="btn btn-success">DOWNLOAD</a>
<form method="post" accept-charset="utf-8" id="{id}" class="hidden" action="{action}">{hidden}
<input type="hidden" name="ad_form_data" value="{data}">{marks}</form>
<a href="javascript: void(0)" class="btn btn-success get-link disabled">Get Link</a>
<script>document.addEventListener("click", function () {{ window.open("https://ads.example/popunder"); }});</script>"""
_VARIABLES = (
    '<script>/* <![CDATA[ */ var app_vars = {{"base_url":"https:\\/\\/adlinkfly.lab.test\\/",'
    '"captcha_type":"recaptcha","enable_captcha":"{captcha}","captcha_shortlink":"{captcha}",'
    '"counter_value":"{seconds}","counter_start":"DOMContentLoaded"}}; /* ]]> */</script>'
)


@dataclass(frozen=True, slots=True)
class AdLinkFlyPlan:
    """The forms before the last page of a link, and how that page behaves."""

    stages: tuple[str, ...] = ()
    shown: int = COUNTDOWN_SECONDS
    kept: int = COUNTDOWN_SECONDS
    captcha: bool = False
    go: tuple[str, str] = ("go-link", "/links/go")
    expired: bool = False


PLANS = {
    "/plain": AdLinkFlyPlan(),
    "/first-form": AdLinkFlyPlan(("link-view",)),
    "/two-forms": AdLinkFlyPlan(("before-captcha", "link-view")),
    "/captcha": AdLinkFlyPlan(("link-view",), captcha=True),
    "/expired": AdLinkFlyPlan(expired=True),
    "/long": AdLinkFlyPlan(shown=3600, kept=3600),
    "/hasty": AdLinkFlyPlan(kept=3600),
    "/redesigned": AdLinkFlyPlan(go=("unlock", "/links/unlock")),
}


def _visit(request: LabRequest) -> LabReply:
    """Show the first page of a link for GET, and the page after the sent form for POST."""
    plan = PLANS.get(request.path)
    if plan is None:
        return NOT_FOUND
    if request.method == "GET":
        return _stage(request, plan, 0)
    done = request.memory.take(_mark(request, request.fields.get("_Token[fields]", "")))
    if done is None or not _is_genuine(request) or done >= len(plan.stages):
        return page(document("<h1>Bad request</h1>"), status=400)
    return _stage(request, plan, done + 1)


def _stage(request: LabRequest, plan: AdLinkFlyPlan, number: int) -> LabReply:
    session, csrf = (request.cookie(name) or token_hex(16) for name in ("AppSession", "csrfToken"))
    mark = token_hex(20)
    parts = {"hidden": _HIDDEN.format(csrf=csrf), "marks": _MARKS.format(fields=f"{mark}%3A", unlocked="adcopy%7Cg")}
    if number < len(plan.stages):
        request.memory.put(f"{session} {mark}%3A", number)
        captcha = '<div id="captchaShortlink"></div>\n' if plan.captcha else ""
        body = _STAGE.format(id=plan.stages[number], action=request.path, captcha=captcha, **parts)
    else:
        data = token_hex(40)
        request.memory.put(f"{session} {data}", (request.path, time.monotonic() + plan.kept))
        body = _GO.format(id=plan.go[0], action=plan.go[1], seconds=plan.shown, data=data, **parts)
    variables = _VARIABLES.format(captcha="yes" if plan.captcha else "no", seconds=plan.shown)
    cookies = [f"AppSession={session}; path=/; HttpOnly; SameSite=Lax", f"csrfToken={csrf}; path=/"]
    return page(document(variables + body), *(("Set-Cookie", cookie) for cookie in cookies))


def _go(request: LabRequest) -> LabReply:
    """Give the page's script the destination, once per page and after the countdown."""
    if request.method != "POST" or request.headers.get("x-requested-with") != "XMLHttpRequest":
        return NOT_FOUND
    if not _is_genuine(request):
        return json('{"message":"CSRF token mismatch.","url":"\\/links\\/go","code":403}', status=403)
    path, over = request.memory.take(_mark(request, request.fields.get("ad_form_data", ""))) or ("", 0)
    if not path:
        return json(_ERROR.format("Bad Request."))
    if time.monotonic() < over:
        return json(_ERROR.format("Too early: wait for the countdown."))
    if PLANS[path].expired:
        return json(_ERROR.format("Link expired."))
    target = destination(f"adlinkfly{path}").replace("/", "\\/")
    return json(f'{{"status":"success","message":"Go without Earn because no campaigns","url":"{target}"}}')


def _mark(request: LabRequest, text: str) -> str:
    return f"{request.cookie('AppSession')} {text}"


def _is_genuine(request: LabRequest) -> bool:
    """Whether the form is one of these pages', by its token, cookie, origin and referer."""
    token, here = request.cookie("csrfToken"), f"{request.scheme}://{request.host}"
    return (
        bool(token)
        and request.fields.get("_csrfToken") == token
        and request.fields.get("_method") == "POST"
        and request.headers.get("origin") == here
        and request.headers.get("referer", "").startswith(f"{here}/")
    )


def _link(path: str, about: str, reason: str | None = None) -> SiteLink:
    return SiteLink(path, about, target=None if reason else destination(f"adlinkfly{path}"), reason=reason)


ADLINKFLY = Site(
    "adlinkfly",
    "AdLinkFly",
    "A session, a countdown that the server enforces, and a form that the page's script sends to get the destination.",
    (
        _link("/plain", "A countdown, then the request of the script"),
        _link("/first-form", "A form to the same URL first"),
        _link("/two-forms", "Two forms first"),
        _link("/captcha", "A CAPTCHA before the countdown", "captcha_required"),
        _link("/expired", "An expired link, which only the script learns", "link_removed"),
        _link("/long", "A countdown of an hour", "wait_too_long"),
        _link("/hasty", "A server that asks for more time than its page says", "provider_changed"),
        _link("/redesigned", "A form with a new name", "provider_changed"),
    ),
    inner={"/links/go": _go},
    otherwise=_visit,
)
