"""The settings of the person who signed in: name, password, second factor and sessions."""

import io

import segno
from markupsafe import Markup
from starlette.responses import Response

from linkskipper.dashboard.errors import not_found
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.errors import SignInRefused, UserExistsError
from linkskipper.people import (
    MAX_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MIN_CHARACTERS,
    count_recovery_codes,
    end_sessions,
    list_memberships,
    list_sessions,
    rename_user,
)

PATH = "/dashboard/settings"


async def show(call: PageCall) -> Response:
    """Show the settings."""
    return await _page(call, Messages())


async def rename(call: PageCall) -> Response:
    """Change the name of the person."""
    fields = FormReader(call.form)
    name = fields.text("name", longest=MAX_NAME_CHARACTERS)
    if not fields.errors:
        try:
            await rename_user(call.services.pool, call.user_id, name)
        except UserExistsError as error:
            fields.errors["name"] = str(error)
    if fields.errors:
        return await _page(call, fields.errors)
    call.services.sessions.forget_all()
    await call.audit("user.rename", name)
    return call.redirect(f"{PATH}?done=name-changed")


async def set_password(call: PageCall) -> Response:
    """Set the password and end the other sessions."""
    try:
        call.token = await call.services.credentials.set_password(
            call.session, call.form.get("new_password", ""), call.entry("user.set-password")
        )
    except SignInRefused as error:
        return await _page(call, Messages(new_password=str(error)))
    return call.redirect(f"{PATH}?done=password-set")


async def begin_second_factor(call: PageCall) -> Response:
    """Show a new secret as a QR code."""
    return _enrol(call, call.services.second_factor.new_secret())


async def confirm_second_factor(call: PageCall) -> Response:
    """Require codes from now on, once one was typed, and show the recovery codes."""
    secret = call.form.get("secret", "")
    if not (secret.isascii() and secret.isalnum() and len(secret) == 32):  # noqa: PLR2004 - as pyotp makes them
        return call.redirect(f"{PATH}#second-factor")
    try:
        call.token, codes = await call.services.credentials.enable_second_factor(
            call.session, secret, call.form.get("code", ""), call.entry("user.second-factor-on")
        )
    except SignInRefused as error:
        return _enrol(call, secret, str(error))
    return call.render("recovery_codes.html", codes=codes)


async def end_second_factor(call: PageCall) -> Response:
    """Require no codes any more."""
    call.token = await call.services.credentials.disable_second_factor(
        call.session, call.entry("user.second-factor-off")
    )
    return call.redirect(f"{PATH}?done=second-factor-off")


async def end_session(call: PageCall) -> Response:
    """End one of the person's sessions."""
    session_id = call.identifier("session_id", "session")
    if not await call.services.sessions.end_of_user(call.user_id, session_id):
        raise not_found("session")
    await call.audit("session.end", f"session {session_id}")
    return call.redirect(f"{PATH}?done=session-ended#sessions")


async def end_other_sessions(call: PageCall) -> Response:
    """End all sessions of the person but this one."""
    async with call.services.pool.acquire() as connection:
        await end_sessions(connection, call.user_id, keep=call.session.id)
    call.services.sessions.forget_all()
    await call.audit("session.end-others")
    return call.redirect(f"{PATH}?done=sessions-ended#sessions")


async def _page(call: PageCall, errors: Messages) -> Response:
    pool, user_id = call.services.pool, call.user_id
    return call.render(
        "settings.html",
        status=422 if errors else 200,
        errors=errors,
        name=call.form.get("name", call.session.user_name),
        sessions=await list_sessions(pool, user_id),
        memberships=await list_memberships(pool, user_id),
        recovery_codes=await count_recovery_codes(pool, user_id),
        shortest=MIN_CHARACTERS,
        longest=MAX_CHARACTERS,
    )


def _enrol(call: PageCall, secret: str, error: str = "") -> Response:
    uri = call.services.second_factor.provisioning_uri(secret, call.session.user_name or "")
    return call.render("second_factor.html", status=422 if error else 200, secret=secret, qr=_qr(uri), error=error)


def _qr(text: str) -> Markup:
    """Return a QR code as SVG without style attributes, which the policy of the pages forbids."""
    image = io.BytesIO()
    segno.make(text, error="m").save(
        image, kind="svg", scale=5, border=4, xmldecl=False, svgns=True, svgclass="qr", lineclass=None, omitsize=False,
        dark="#000", light="#fff", title="QR code",
    )  # fmt: skip
    return Markup(image.getvalue().decode())  # noqa: S704 - segno writes no text of ours but the title


PAGES = (
    PageRoute("GET", PATH, show, Access.VIEWER),
    PageRoute("POST", PATH + "/name", rename, Access.VIEWER),
    PageRoute("POST", PATH + "/password", set_password, Access.VIEWER, fresh_proof=True),
    PageRoute("POST", PATH + "/second-factor", begin_second_factor, Access.VIEWER, fresh_proof=True),
    PageRoute("POST", PATH + "/second-factor/confirm", confirm_second_factor, Access.VIEWER, fresh_proof=True),
    PageRoute("POST", PATH + "/second-factor/end", end_second_factor, Access.VIEWER, fresh_proof=True),
    PageRoute("POST", PATH + "/sessions/others", end_other_sessions, Access.VIEWER),
    PageRoute("POST", PATH + "/sessions/{session_id}", end_session, Access.VIEWER),
)
