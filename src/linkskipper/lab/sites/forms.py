"""Forms of every kind, whose server checks every field."""

import re
import time
from secrets import token_hex

from linkskipper.lab.site import NOT_FOUND, Site, SiteLink, destination
from linkskipper.lab.wire import LabReply, LabRequest, document, page, redirect

WAIT_SECONDS = 1
_FIELDS = """<input type="hidden" name="id" value="a&amp;b"><input name="lang" value="en"><input name="empty">
<input type="checkbox" name="terms" checked><input type="checkbox" name="news">
<input type="radio" name="speed" value="slow"><input type="radio" name="speed" value="fast" checked>
<select name="country"><option value="">Choose<option value="fr" selected>France</select>
<textarea name="note">
two
lines</textarea><input name="off" value="x" disabled><fieldset disabled><input name="out" value="x"></fieldset>"""
_BUTTONS = '<button name="go" value="1">Go</button><button name="go" value="2">Go elsewhere</button>'
_EXPECTED = {
    "id": "a&b",
    "lang": "en",
    "empty": "",
    "terms": "on",
    "speed": "fast",
    "country": "fr",
    "note": "two\r\nlines",
    "go": "1",
}
_PART = re.compile(rb'; name="([^"]*)"\r\n\r\n(.*?)\r\n--', re.DOTALL)


def _form(attributes: str, fields: str = _FIELDS + _BUTTONS) -> str:
    return f'<form id="decoy"><input name="s"></form><form id="step" {attributes}>{fields}</form>'


def _accept(request: LabRequest) -> LabReply:
    """Redirect a request that has every field as a browser sends it."""
    sent = request.fields if request.method == "POST" else request.parameters
    if "multipart" in request.headers.get("content-type", ""):
        sent = {name.decode(): value.decode() for name, value in _PART.findall(request.body)}
    name = request.path.removeprefix("/take/")
    return redirect(destination(f"form/{name}")) if sent == _EXPECTED else page(document("<h1>No</h1>"), status=400)


def _same_url(request: LabRequest) -> LabReply:
    """Show a form that is sent to its own URL, and redirect once its counter has increased."""
    step = int(request.fields.get("n", "0")) if request.fields.get("n", "0").isdecimal() else 0
    if step >= 1:
        return redirect(destination("form/same-url"))
    return page(document(_form('method="post"', f'<input type="hidden" name="n" value="{step + 1}">')))


def _timed(request: LabRequest) -> LabReply:
    """Show a form, and refuse it before its countdown ends or with a used token."""
    if request.method == "POST":
        over = request.memory.take(f"form {request.fields.get('token')}")
        is_late_enough = over is not None and time.monotonic() >= over
        return redirect(destination("form/timed")) if is_late_enough else page(document("<h1>No</h1>"), status=403)
    token = token_hex(16)
    request.memory.put(f"form {token}", time.monotonic() + WAIT_SECONDS)
    button = "<button disabled>Please wait</button>"
    return page(document(_form('method="post"', f'<input type="hidden" name="token" value="{token}">{button}')))


def _resend(request: LabRequest) -> LabReply:
    return redirect("/take/sent-on", status=307) if request.method == "POST" else NOT_FOUND


def _link(path: str, about: str, attributes: str) -> SiteLink:
    return SiteLink(f"/{path}", about, page(document(_form(attributes))), destination(f"form/{path}"))


FORM = Site(
    "form",
    "Forms",
    "Forms with fields of every kind, for a server that checks every field.",
    (
        _link("post", "By POST", 'method="post" action="/take/post"'),
        _link("get", "By GET, where the fields replace the query of the action", 'action="/take/get?old=1"'),
        _link(
            "multipart",
            "As multipart/form-data",
            'method="post" enctype="multipart/form-data" action="/take/multipart"',
        ),
        SiteLink("/same-url", "To its own URL, which is not a loop", _same_url, destination("form/same-url")),
        _link("sent-on", "A 307, after which the form is sent again", 'method="post" action="/onwards"'),
        SiteLink(
            "/base",
            "Relative to a base element",
            page(document(_form('method="post" action="base"'), head='<base href="/take/">')),
            destination("form/base"),
        ),
        SiteLink(
            "/away",
            "To the destination",
            page(document(_form(f'action="{destination("form/away")}"', '<input type="hidden" name="a" value="1">'))),
            destination("form/away?a=1"),
        ),
        SiteLink(
            "/elsewhere",
            "To another site, which would get the fields",
            page(document(_form(f'method="post" action="{destination("form/elsewhere")}"'))),
            reason="provider_changed",
        ),
        SiteLink(
            "/again",
            "The same form over and over",
            lambda _: page(document(_form('method="post" action="/again"'))),
            reason="loop_detected",
        ),
    ),
    inner={
        "/onwards": _resend,
        **{f"/take/{name}": _accept for name in ("post", "get", "multipart", "sent-on", "base")},
    },
)
COUNTDOWN = Site(
    "countdown",
    "A countdown before a form",
    "The server refuses the form before the countdown ends, and when it is sent again.",
    (
        SiteLink("/timed", "A countdown of one second, which enables a button", _timed, destination("form/timed")),
        SiteLink(
            "/open",
            "A link that redirects instead",
            redirect(destination("form/open")),
            destination("form/open"),
        ),
    ),
)
