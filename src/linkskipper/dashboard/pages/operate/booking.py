"""Grant credits to an account, or correct its balance."""

from starlette.responses import Response

from linkskipper.accounts import Account
from linkskipper.audit import record
from linkskipper.credits import MAX_CREDITS, MAX_NOTE_CHARACTERS, adjust, grant
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.limits import LIMITS
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.operate.accounts import PATH as ACCOUNTS
from linkskipper.dashboard.pages.operate.accounts import find_account
from linkskipper.errors import OverdrawnError, ReferenceUsedError

PATH = ACCOUNTS + "/{account_id}/credits"
DEFAULTS = {"kind": "grant", "credits": "", "note": "", "reference": ""}


async def show(call: PageCall) -> Response:
    """Show the form."""
    return _page(call, await find_account(call), Messages())


async def book(call: PageCall) -> Response:
    """Book a grant or a correction."""
    account = await find_account(call)
    fields = FormReader(call.form)
    amount = fields.number("credits", least=1, most=MAX_CREDITS)
    note = fields.text("note", longest=MAX_NOTE_CHARACTERS)
    reference = fields.optional_text("reference", longest=LIMITS.reference)
    kind = fields.choice("kind", ("grant", "add", "take"))
    if fields.errors:
        return _page(call, account, fields.errors)
    actor = call.session.actor
    try:
        async with call.services.pool.acquire() as connection, connection.transaction():
            if kind == "grant":
                await grant(connection, account.id, amount, note=note, reference=reference, actor=actor)
            else:
                amount = amount if kind == "add" else -amount
                await adjust(connection, account.id, amount, note=note, reference=reference, actor=actor)
            named = f", reference {reference}" if reference else ""
            subject = f"account {account.id}: {amount}{named}"
            action = "credits.grant" if kind == "grant" else "credits.correct"
            await record(connection, call.entry(action, subject, account_id=account.id))
    except OverdrawnError:
        available = account.balance - account.held
        return _page(call, account, Messages(credits=f"Only {available} credits are available. Take back fewer."))
    except ReferenceUsedError as error:
        return _page(call, account, Messages(reference=str(error)))
    return call.redirect(f"{call.path}?done=credits-booked")


def _page(call: PageCall, account: Account, errors: Messages) -> Response:
    form = DEFAULTS | {name: value for name, value in call.form.items() if name in DEFAULTS}
    return call.render("booking.html", status=422 if errors else 200, account=account, form=form, errors=errors)


PAGES = (
    PageRoute("GET", PATH, show, Access.OPERATOR),
    PageRoute("POST", PATH, book, Access.OPERATOR, fresh_proof=True),
)
