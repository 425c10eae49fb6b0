"""One account, as operators see it. They enter it as its viewers, close it and open it again."""

from starlette.responses import Response

from linkskipper.accounts import Account, close_account, list_account_keys, reopen_account
from linkskipper.audit import AuditFilter, list_audit, record
from linkskipper.credits import MAX_NOTE_CHARACTERS, list_entries
from linkskipper.dashboard.errors import changed_meanwhile, not_found
from linkskipper.dashboard.fields import FormReader, Messages
from linkskipper.dashboard.navigation import HOME
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.pages.operate.accounts import PATH, find_account
from linkskipper.dashboard.query import UsageQuery
from linkskipper.jobs import JobFilter, JobOwner, list_owner_jobs
from linkskipper.people import list_members, list_memberships
from linkskipper.usage import UsageOwner

ACCOUNT = PATH + "/{account_id}"
SHOWN = 8


async def show(call: PageCall) -> Response:
    """Show an account."""
    return await _page(call, await find_account(call), Messages())


async def enter(call: PageCall) -> Response:
    """Move the session of a person to an account. Operators visit accounts of others as viewers."""
    account_id = call.identifier("account_id", "account")
    call.token = await call.services.sessions.switch_account(call.session, account_id)
    if call.token is None:
        raise not_found("account")
    await record(call.services.pool, call.entry("account.enter", f"account {account_id}", account_id=account_id))
    return call.redirect(HOME)


async def leave(call: PageCall) -> Response:
    """Move the session of an operator back to an account of their own."""
    own = await list_memberships(call.services.pool, call.user_id)
    if own:
        call.token = await call.services.sessions.switch_account(call.session, own[0].account_id)
    return call.redirect(f"{PATH}/{call.session.account_id}")


async def close(call: PageCall) -> Response:
    """Refuse new links of the account."""
    account = await find_account(call)
    fields = FormReader(call.form)
    note = fields.text("note", longest=MAX_NOTE_CHARACTERS)
    if fields.errors:
        return await _page(call, account, fields.errors)
    async with call.services.pool.acquire() as connection, connection.transaction():
        if not await close_account(connection, account.id):
            raise changed_meanwhile("Another operator closed this account meanwhile.")
        await record(connection, call.entry("account.close", f"account {account.id}: {note}", account_id=account.id))
    return call.redirect(f"{PATH}/{account.id}?done=account-closed")


async def reopen(call: PageCall) -> Response:
    """Accept new links of the account again."""
    account = await find_account(call)
    async with call.services.pool.acquire() as connection, connection.transaction():
        if not await reopen_account(connection, account.id):
            raise changed_meanwhile("Another operator opened this account meanwhile.")
        await record(connection, call.entry("account.reopen", f"account {account.id}", account_id=account.id))
    return call.redirect(f"{PATH}/{account.id}?done=account-reopened")


async def _page(call: PageCall, account: Account, errors: Messages) -> Response:
    pool = call.services.pool
    jobs = await list_owner_jobs(pool, JobOwner(account.id), JobFilter(), before=None, limit=SHOWN)
    audit = await list_audit(pool, AuditFilter(account_id=account.id), before=None, limit=SHOWN)
    return call.render(
        "operate_account.html",
        status=422 if errors else 200,
        account=account,
        keys=await list_account_keys(pool, account.id),
        members=await list_members(pool, account.id),
        entries=(await list_entries(pool, account.id, before=None, limit=SHOWN)).rows,
        jobs=jobs.rows,
        audit=audit.rows,
        chart=await call.chart(UsageOwner(account_id=account.id)),
        usage_path=f"{PATH}/{account.id}",
        errors=errors,
        note=call.form.get("note", ""),
    )


PAGES = (
    PageRoute("GET", ACCOUNT, show, Access.OPERATOR, UsageQuery),
    PageRoute("POST", ACCOUNT + "/close", close, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", ACCOUNT + "/reopen", reopen, Access.OPERATOR, fresh_proof=True),
    PageRoute("POST", "/dashboard/accounts/{account_id}/enter", enter, Access.VIEWER),
    PageRoute("POST", "/dashboard/accounts/leave", leave, Access.OPERATOR),
)
