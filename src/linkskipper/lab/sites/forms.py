"""Forms of every kind, whose server looks closely at what it is sent."""

import re
import time
from secrets import token_hex

from linkskipper.lab.site import NOT_FOUND, Link, Site, destination
from linkskipper.lab.wire import Reply, Request, document, page, redirect

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


def _taken(request: Request) -> Reply:
    """Lead on whoever sent every field as a browser would."""
    sent = request.fields if request.method == "POST" else request.parameters
    if "multipart" in request.headers.get("content-type", ""):
        sent = {name.decode(): value.decode() for name, value in _PART.findall(request.body)}
    name = request.path.removeprefix("/take/")
    return redirect(destination(f"form/{name}")) if sent == _EXPECTED else page(document("<h1>No</h1>"), status=400)


def _once_more(request: Request) -> Reply:
    """A form that goes to its own page, until its counter is at three; then the page redirects."""
    step = int(request.fields.get("n", "0")) if request.fields.get("n", "0").isdecimal() else 0
    if step >= 1:
        return redirect(destination("form/same-url"))
    return page(document(_form('method="post"', f'<input type="hidden" name="n" value="{step + 1}">')))


def _timed(request: Request) -> Reply:
    """A form that is refused before its time, or with a token that was used before."""
    if request.method == "POST":
        over = request.memory.take(f"form {request.fields.get('token')}")
        is_late_enough = over is not None and time.monotonic() >= over
        return redirect(destination("form/timed")) if is_late_enough else page(document("<h1>No</h1>"), status=403)
    token = token_hex(16)
    request.memory.put(f"form {token}", time.monotonic() + WAIT_SECONDS)
    button = "<button disabled>Please wait</button>"
    return page(document(_form('method="post"', f'<input type="hidden" name="token" value="{token}">{button}')))


def _sent_on(request: Request) -> Reply:
    return redirect("/take/sent-on", status=307) if request.method == "POST" else NOT_FOUND


def _link(path: str, about: str, attributes: str) -> Link:
    return Link(f"/{path}", about, page(document(_form(attributes))), destination(f"form/{path}"))


FORM = Site(
    "form",
    "Forms",
    "Forms with fields of every kind, for a server that looks closely at what it is sent.",
    (
        _link("post", "By POST", 'method="post" action="/take/post"'),
        _link("get", "By GET, whose fields take the place of the action's query", 'action="/take/get?old=1"'),
        _link("multipart", "In parts", 'method="post" enctype="multipart/form-data" action="/take/multipart"'),
        Link("/same-url", "To its own URL, which is no loop", _once_more, destination("form/same-url")),
        _link("sent-on", "Redirected with 307: the form is sent again", 'method="post" action="/onwards"'),
        Link(
            "/base",
            "Relative to a base element",
            page(document(_form('method="post" action="base"'), head='<base href="/take/">')),
            destination("form/base"),
        ),
        Link(
            "/away",
            "A form that leads to the destination",
            page(document(_form(f'action="{destination("form/away")}"', '<input type="hidden" name="a" value="1">'))),
            destination("form/away?a=1"),
        ),
        Link(
            "/elsewhere",
            "A form whose fields would go to somebody else",
            page(document(_form(f'method="post" action="{destination("form/elsewhere")}"'))),
            reason="provider_changed",
        ),
        Link(
            "/again",
            "The same form over and over",
            lambda _: page(document(_form('method="post" action="/again"'))),
            reason="loop_detected",
        ),
    ),
    inner={
        "/onwards": _sent_on,
        **{f"/take/{name}": _taken for name in ("post", "get", "multipart", "sent-on", "base")},
    },
)
COUNTDOWN = Site(
    "countdown",
    "A countdown before a form",
    "The server refuses the form before its time, and a second time.",
    (
        Link("/timed", "A second to wait, and a button that it enables", _timed, destination("form/timed")),
        Link(
            "/open",
            "Without a form, since the link moves on",
            redirect(destination("form/open")),
            destination("form/open"),
        ),
    ),
)
