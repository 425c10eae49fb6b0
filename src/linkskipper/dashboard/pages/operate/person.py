"""One person: accounts and roles, a new one-time link, sessions, the rights of an operator, and the end of all that."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.responses import Response

from linkskipper.accounts import get_account
from linkskipper.audit import record
from linkskipper.dashboard.errors import PageError, not_found
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.operate.people import PATH, read_role, show_link
from linkskipper.dashboard.query import MAX_ID
from linkskipper.database import Connection
from linkskipper.errors import LastOperatorError, UnknownRecordError
from linkskipper.people import (
    Role,
    User,
    changing_people,
    create_login_link,
    disable_user,
    enable_user,
    end_sessions,
    get_user,
    list_memberships,
    list_sessions,
    remove_member,
    set_operator,
    set_role,
)

PERSON = PATH + "/{user_id}"
Change: TypeAlias = Callable[[Connection, User], Awaitable[object]]


async def show(call: PageCall) -> Response:
    """Show a person."""
    return await _page(call, await _find(call), Messages())


async def make_link(call: PageCall) -> Response:
    """Make a one-time link and show it once."""
    user = await _find(call)
    if user.disabled_at is not None:
        raise PageError(409, "Not possible", "This user is disabled. Enable the user first.")
    async with changing_people(call.services.pool) as connection:
        code = await create_login_link(connection, user.id)
        await record(connection, call.entry("login-link.create", user.name))
    return show_link(call, user.name, code)


async def give_role(call: PageCall) -> Response:
    """Give the person a role in an account."""
    user = await _find(call)
    fields = FormReader(call.form)
    account_id = fields.number("account", least=1, most=MAX_ID)
    role = read_role(fields, call.form.get("role", ""))
    try:
        await get_account(call.services.pool, account_id)
    except UnknownRecordError:
        fields.errors.setdefault("account", "No account has this number. See Accounts for the numbers.")
    if fields.errors:
        return await _page(call, user, fields.errors)
    subject = f"{user.name}: {role} of account {account_id}"
    return await _change(
        call, user, "user.role", lambda c, u: set_role(c, u.id, account_id, role), subject, account_id=account_id
    )


async def remove(call: PageCall) -> Response:
    """Take the person out of an account."""
    user, account_id = await _find(call), call.identifier("account_id", "account")

    async def change(connection: Connection, user: User) -> None:
        if not await remove_member(connection, user.id, account_id):
            raise PageError(
                409, "Not possible", "This is the only account of the user, or the user has left it. Disable the user."
            )

    return await _change(call, user, "user.leave", change, f"{user.name}: account {account_id}", account_id=account_id)


async def switch_operator(call: PageCall) -> Response:
    """Make the person an operator, or end that."""
    user = await _find(call)
    wanted = call.form.get("operator") == "on"
    action = "user.operator-on" if wanted else "user.operator-off"
    return await _change(call, user, action, lambda c, u: set_operator(c, u.id, is_operator=wanted))


async def disable(call: PageCall) -> Response:
    """Keep the person out. All sessions end."""
    return await _change(call, await _find(call), "user.disable", lambda c, u: disable_user(c, u.id))


async def enable(call: PageCall) -> Response:
    """Let the person in again."""
    return await _change(call, await _find(call), "user.enable", lambda c, u: enable_user(c, u.id))


async def end(call: PageCall) -> Response:
    """End all sessions of the person."""
    return await _change(call, await _find(call), "session.end-all", lambda c, u: end_sessions(c, u.id))


async def _find(call: PageCall) -> User:
    try:
        return await get_user(call.services.pool, call.identifier("user_id", "user"))
    except UnknownRecordError:
        raise not_found("user") from None


async def _change(
    call: PageCall,
    user: User,
    action: str,
    change: Change,
    subject: str | None = None,
    *,
    account_id: int | None = None,
) -> Response:
    """Change a person, and record it as an act on the account if one is named. Do both or neither."""
    try:
        async with changing_people(call.services.pool) as connection:
            await change(connection, user)
            await record(connection, call.entry(action, subject or user.name, account_id=account_id))
    except LastOperatorError as error:
        raise PageError(409, "Not possible", str(error)) from None
    call.services.sessions.forget_all()
    return call.redirect(f"{PATH}/{user.id}?done=person-changed")


async def _page(call: PageCall, user: User, errors: Messages) -> Response:
    pool = call.services.pool
    return call.render(
        "operate_person.html",
        status=422 if errors else 200,
        user=user,
        memberships=await list_memberships(pool, user.id),
        sessions=await list_sessions(pool, user.id),
        form={"account": "", "role": Role.DEVELOPER, **call.form},
        errors=errors,
        roles=list(Role),
    )


PAGES = (
    PageRoute("GET", PERSON, show, Access.OPERATOR),
    PageRoute("POST", PERSON + "/link", make_link, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", PERSON + "/roles", give_role, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", PERSON + "/accounts/{account_id}/remove", remove, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", PERSON + "/operator", switch_operator, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", PERSON + "/disable", disable, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", PERSON + "/enable", enable, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", PERSON + "/sessions/end", end, Access.OPERATOR, fresh_proof=True),
)
