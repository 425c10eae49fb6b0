"""The people who use the dashboard. A new one gets a one-time link, which is shown once."""

from starlette.responses import Response

from linkskipper.accounts import get_account
from linkskipper.audit import record
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.navigation import OPERATE
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.operate.accounts import SearchQuery, older
from linkskipper.dashboard.query import MAX_ID
from linkskipper.errors import UnknownRecordError, UserExistsError
from linkskipper.people import MAX_NAME_CHARACTERS, Role, changing_people, create_login_link, create_user, search_users

PATH = f"{OPERATE}/people"
PAGE_SIZE = 50


async def show(call: PageCall) -> Response:
    """Show a page of the list."""
    defaults = {"new_name": "", "account": str(call.session.account_id), "role": Role.DEVELOPER, "operator": ""}
    return await _page(call, call.query, defaults, Messages())


async def invite(call: PageCall) -> Response:
    """Make a user and a one-time link, and show the link once."""
    fields = FormReader(call.form)
    name = fields.text("new_name", longest=MAX_NAME_CHARACTERS)
    account_id = fields.number("account", least=1, most=MAX_ID)
    role = read_role(fields, call.form.get("role", ""))
    if not fields.errors:
        code = await _make(call, fields, name, account_id, role)
        if code is not None:
            return show_link(call, name, code)
    form = {"new_name": "", "account": "", "role": "", "operator": "", **call.form}
    return await _page(call, SearchQuery(), form, fields.errors)


def read_role(fields: FormReader, text: str) -> Role:
    """Return a role, and note an error for any other text."""
    if text in {role.value for role in Role}:
        return Role(text)
    fields.errors["role"] = f"Choose one of {', '.join(Role)}."
    return Role.VIEWER


def show_link(call: PageCall, name: str, code: str) -> Response:
    """Show a one-time link, which can be read only now."""
    return call.render("operate_link.html", name=name, link=f"{call.services.base_url}/dashboard/in#{code}")


async def _make(call: PageCall, fields: FormReader, name: str, account_id: int, role: Role) -> str | None:
    try:
        await get_account(call.services.pool, account_id)
        async with changing_people(call.services.pool) as connection:
            user_id = await create_user(
                connection, name, account_id=account_id, role=role, is_operator=fields.checked("operator")
            )
            operator = ", operator" if fields.checked("operator") else ""
            await record(connection, call.entry("user.create", f"{name}: {role}{operator}", account_id=account_id))
            return await create_login_link(connection, user_id)
    except UserExistsError as error:
        fields.errors["new_name"] = str(error)
    except UnknownRecordError:
        fields.errors["account"] = "No account has this number. See Accounts for the numbers."
    return None


async def _page(call: PageCall, query: SearchQuery, form: dict[str, str], errors: Messages) -> Response:
    found = await search_users(call.services.pool, query.text, before=query.before, limit=PAGE_SIZE + 1)
    listed = found[:PAGE_SIZE]
    return call.render(
        "operate_people.html",
        status=422 if errors else 200,
        users=listed,
        text=query.text,
        before=query.before,
        older=older(PATH, query, listed[-1].id) if len(found) > PAGE_SIZE else None,
        form=form,
        errors=errors,
        roles=list(Role),
    )


PAGES = (
    PageRoute("GET", PATH, show, Access.OPERATOR, SearchQuery),
    PageRoute("POST", PATH, invite, Access.OPERATOR, fresh_proof=True),
)
