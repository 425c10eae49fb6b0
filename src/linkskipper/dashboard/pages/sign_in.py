"""Sign in, sign out, and prove one's identity again."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from linkskipper.dashboard.navigation import HOME
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import NoticeQuery
from linkskipper.errors import SignInError, SignInRefused, TooManyAttempts
from linkskipper.people import MAX_CHARACTERS, MAX_NAME_CHARACTERS, Proof, any_user

PATH = "/dashboard/in"
LOCAL_PATH = re.compile(r"/dashboard(/[A-Za-z0-9_.-]+)*")
SECRETS = frozenset({"password", "new_password", "code", "secret", "key", "link"})
MAX_KEPT_CHARACTERS = 32 * 1024
WAYS = frozenset({"link", "password", "key"})


class SignInQuery(NoticeQuery, frozen=True, forbid_unknown_fields=True):
    """The query of the sign-in page: where to go afterwards."""

    next: str = HOME


async def show(call: PageCall) -> Response:
    """Show the ways to sign in."""
    return await _sign_in_page(call, _local(call, call.query.next), "")


async def sign_in(call: PageCall) -> Response:
    """Sign in with a link, a password or a key."""
    try:
        call.token = await _start(call)
    except SignInError as error:
        # Nobody can fill the log faster than the limits allow, which count the attempts of each way.
        if call.form.get("way") in WAYS and not isinstance(error, TooManyAttempts):
            await call.audit("sign-in.failed", _name(call) or None)
        return await _sign_in_page(call, *_kept(call), error)
    if call.signed_in is not None:
        await call.services.sessions.end(call.signed_in)
    call.signed_in = await call.services.sessions.find(call.token)
    await call.audit_free("sign-in", call.form.get("way"))
    return _go_on(call)


async def sign_out(call: PageCall) -> Response:
    """End the session."""
    await call.services.sessions.end(call.session)
    await call.audit_free("sign-out", None)
    response = call.redirect(f"{PATH}?done=signed-out")
    call.cookie.delete(response)
    return response


async def prove(call: PageCall) -> Response:
    """Check a proof of identity, and continue with the action that needed it."""
    proof = Proof(
        password=call.form.get("password", ""), code=call.form.get("code", ""), link=_code_of(call.form.get("link", ""))
    )
    try:
        call.token = await call.services.sign_in.prove(call.session, proof, call.origin)
    except SignInError as error:
        if not isinstance(error, TooManyAttempts):
            await call.audit("proof.failed")
        return _proof_page(call, *_kept(call), error)
    return _go_on(call)


async def ask_sign_in(call: PageCall) -> Response:
    """Ask for a sign-in. A form that was sent without a session is kept."""
    if "hx-request" in call.request.headers or call.request.headers.get("accept") == "text/event-stream":
        return Response(status_code=401, headers={"HX-Redirect": f"{PATH}?{urlencode({'next': HOME})}"})
    if call.method == "POST":
        return await _sign_in_page(call, call.path, _keep(call.form), is_asked=True)
    return call.redirect(f"{PATH}?{urlencode({'next': _asked(call)})}")


async def ask_proof(call: PageCall) -> Response:
    """Ask the person to prove who they are. The form is kept."""
    return _proof_page(call, _asked(call), _keep(call.form))


async def _start(call: PageCall) -> str:
    form, ways = call.form, call.services.sign_in
    match form.get("way"):
        case "link":
            return await ways.with_link(_code_of(form.get("link", "")), call.origin)
        case "password":
            password = form.get("password", "")[: MAX_CHARACTERS + 1]
            return await ways.with_password(_name(call), password, form.get("code", ""), call.origin)
        case "key":
            return await ways.with_key(form.get("key", "").strip(), call.origin)
        case _:
            raise SignInRefused("Choose a way to sign in.")


def _name(call: PageCall) -> str:
    """Return the name that was typed. No user has a longer one."""
    return call.form.get("name", "")[: MAX_NAME_CHARACTERS + 1]


def _code_of(text: str) -> str:
    """Return the code in a link, however much of the link was pasted."""
    return text.strip().rpartition("#")[2]


def _go_on(call: PageCall) -> Response:
    target, form = _kept(call)
    if form:
        return call.render(
            "continue.html", method="post", target=target, fields=parse_qsl(form, keep_blank_values=True)
        )
    path, _, query = target.partition("?")
    if _is_download(call, target):  # a redirect to a download would leave this page in place
        return call.render("continue.html", method="get", target=path, fields=parse_qsl(query))
    while call.find_page("GET", target.partition("?")[0]) is None:
        target = target.rpartition("/")[0]
    return call.redirect(target)


def _is_download(call: PageCall, target: str) -> bool:
    page = call.find_page("GET", target.partition("?")[0])
    return page is not None and page.is_download


def _asked(call: PageCall) -> str:
    """Return the path that was asked for, with its query unless it got a form."""
    query = call.request.url.query
    return _local(call, call.path + (f"?{query}" if query and call.method != "POST" else ""))


def _local(call: PageCall, target: str) -> str:
    """Return a path of the dashboard. Anything else becomes the home page."""
    path, _, query = target.partition("?")
    if (
        not LOCAL_PATH.fullmatch(path)
        or ".." in path
        or not (call.find_page("GET", path) or call.find_page("POST", path))
    ):
        return HOME
    pairs = parse_qsl(query, keep_blank_values=True)
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _keep(form: Mapping[str, str]) -> str:
    """Return a form as text. A form with secrets is not kept: its page has to be opened again."""
    return "" if SECRETS & form.keys() else urlencode(form)


def _kept(call: PageCall) -> tuple[str, str]:
    """Return the page, and the form for it, that waited for a sign-in or a proof."""
    pairs = parse_qsl(call.form.get("form", "")[:MAX_KEPT_CHARACTERS], keep_blank_values=True)
    form = urlencode([pair for pair in pairs if pair[0] not in SECRETS])
    return _local(call, call.form.get("next", HOME)), form


async def _sign_in_page(
    call: PageCall, target: str, form: str, error: SignInError | None = None, *, is_asked: bool = False
) -> Response:
    """Return the page. `is_asked` means that another page needed a session."""
    return call.render(
        "in.html",
        status=401 if is_asked else _status(error, 200),
        target=target,
        form=form,
        error=error,
        is_new=not await any_user(call.services.pool),
        way=call.form.get("way", ""),
        name=call.form.get("name", ""),
    )


def _proof_page(call: PageCall, target: str, form: str, error: SignInError | None = None) -> Response:
    return call.render(
        "prove.html",
        status=_status(error, 401),
        target=target,
        form=form,
        error=error,
        is_download=_is_download(call, target),
    )


def _status(error: SignInError | None, otherwise: int) -> int:
    if error is None:
        return otherwise
    return 429 if isinstance(error, TooManyAttempts) else 422


PAGES = (
    PageRoute("GET", PATH, show, Access.PUBLIC, SignInQuery),
    PageRoute("POST", PATH, sign_in, Access.PUBLIC, SignInQuery),
    PageRoute("POST", "/dashboard/out", sign_out, Access.KEY),
    PageRoute("POST", "/dashboard/prove", prove, Access.VIEWER),
)
