"""Links as AdLinkFly serves them: sessions, CSRF tokens, forms to the same URL, and a countdown that the server keeps.

Every form bears the fields that its framework checks: the token that its cookie repeats, and marks of which fields it
had. What a form needs is remembered once, and taken when it comes.
"""

import time
from dataclasses import dataclass
from secrets import token_hex

from linkskipper.lab.site import NOT_FOUND, Link, Site, destination
from linkskipper.lab.wire import Reply, Request, document, json, page

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
class Plan:
    """What one link asks of its visitors: the stages before its last page, and how that page behaves."""

    stages: tuple[str, ...] = ()
    shown: int = COUNTDOWN_SECONDS
    kept: int = COUNTDOWN_SECONDS
    captcha: bool = False
    go: tuple[str, str] = ("go-link", "/links/go")
    expired: bool = False


PLANS = {
    "/plain": Plan(),
    "/first-form": Plan(("link-view",)),
    "/two-forms": Plan(("before-captcha", "link-view")),
    "/captcha": Plan(("link-view",), captcha=True),
    "/expired": Plan(expired=True),
    "/long": Plan(shown=3600, kept=3600),
    "/hasty": Plan(kept=3600),
    "/redesigned": Plan(go=("unlock", "/links/unlock")),
}


def _visit(request: Request) -> Reply:
    """Show a link's next page: by GET the first, by POST the one after the form that is sent."""
    plan = PLANS.get(request.path)
    if plan is None:
        return NOT_FOUND
    if request.method == "GET":
        return _stage(request, plan, 0)
    done = request.memory.take(_mark(request, request.fields.get("_Token[fields]", "")))
    if done is None or not _is_genuine(request) or done >= len(plan.stages):
        return page(document("<h1>Bad request</h1>"), status=400)
    return _stage(request, plan, done + 1)


def _stage(request: Request, plan: Plan, number: int) -> Reply:
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


def _go(request: Request) -> Reply:
    """Tell the page's script the destination, once, to whom the page was shown, when the countdown is over."""
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


def _mark(request: Request, text: str) -> str:
    return f"{request.cookie('AppSession')} {text}"


def _is_genuine(request: Request) -> bool:
    """Whether it comes from one of these pages, by the token that its cookie repeats, and by origin and referer."""
    token, here = request.cookie("csrfToken"), f"{request.scheme}://{request.host}"
    return (
        bool(token)
        and request.fields.get("_csrfToken") == token
        and request.fields.get("_method") == "POST"
        and request.headers.get("origin") == here
        and request.headers.get("referer", "").startswith(f"{here}/")
    )


def _link(path: str, about: str, reason: str | None = None) -> Link:
    return Link(path, about, target=None if reason else destination(f"adlinkfly{path}"), reason=reason)


ADLINKFLY = Site(
    "adlinkfly",
    "AdLinkFly",
    "A session, a countdown that the server keeps, and a form that the page's script sends for the destination.",
    (
        _link("/plain", "A countdown, then the script's request"),
        _link("/first-form", "A form to the same URL first"),
        _link("/two-forms", "Two of them"),
        _link("/captcha", "A CAPTCHA before the countdown", "captcha_required"),
        _link("/expired", "Expired, as only the script is told", "link_removed"),
        _link("/long", "A countdown of an hour", "wait_too_long"),
        _link("/hasty", "The server wants more time than its page says", "provider_changed"),
        _link("/redesigned", "The form goes by another name now", "provider_changed"),
    ),
    inner={"/links/go": _go},
    otherwise=_visit,
)
