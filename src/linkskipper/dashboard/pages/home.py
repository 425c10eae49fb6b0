"""The first page: what to do next, the balance, and the newest links."""

from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from linkskipper.accounts import get_account, list_account_keys
from linkskipper.credits import read_spending
from linkskipper.dashboard.navigation import HOME
from linkskipper.dashboard.page import Access, PageCall, PageRoute
from linkskipper.dashboard.query import UsageQuery
from linkskipper.dashboard.words import lasting
from linkskipper.database.ids import first_id
from linkskipper.jobs import JobFilter, count_jobs, list_owner_jobs
from linkskipper.provider_health import NO_STATS
from linkskipper.usage import UsageOwner

RECENT_JOBS = 8
DAY = timedelta(days=1)


async def home(call: PageCall) -> Response:
    """Show the page."""
    services, owner = call.services, call.owner
    now = datetime.now(UTC)
    recent = await list_owner_jobs(services.pool, owner, JobFilter(), before=None, limit=RECENT_JOBS)
    values: dict[str, Any] = {
        "jobs": recent.rows,
        "counts": await count_jobs(services.pool, owner, first_id(now - DAY)),
        "providers": await _troubled_providers(call),
        "key_names": {},
        "chart": await call.chart(
            UsageOwner(key_id=owner.key_id) if owner.key_id else UsageOwner(account_id=owner.account_id)
        ),
        "usage_path": HOME,
    }
    if call.may(Access.VIEWER):
        keys = await list_account_keys(services.pool, owner.account_id)
        account = await get_account(services.pool, owner.account_id)
        spending = await read_spending(services.pool, owner.account_id)
        values |= {
            "account": account,
            "lasts": lasting(account.balance - account.held, spending.charged, spending.since, now),
            "key_names": {key.id: key.name for key in keys},
            "steps": _steps(
                call, has_key=bool(keys), has_limit=any(key.daily_quota for key in keys), has_job=bool(recent.rows)
            ),
        }
    return call.render("home.html", **values)


def _steps(call: PageCall, *, has_key: bool, has_limit: bool, has_job: bool) -> list[tuple[str, str, bool]]:
    """Return the checklist of the first day: a sentence, the page for it, and whether it is done."""
    return [
        ("Make an API key", "/dashboard/keys", has_key),
        ("Resolve a first link", "/dashboard/try", has_job),
        ("Give a key a daily limit", "/dashboard/keys", has_limit),
        ("Set a password", "/dashboard/settings#password", call.session.has_password),
        ("Require a code at sign-in", "/dashboard/settings#second-factor", call.session.has_totp),
    ]


async def _troubled_providers(call: PageCall) -> list[tuple[str, str]]:
    stats = await call.services.provider_stats.read()
    admission, account_id = call.services.admission, call.session.account_id
    states = (
        (provider.label, admission.status(provider, stats.get(provider.id, NO_STATS), account_id))
        for provider in call.services.catalog.providers
    )
    return [(label, state) for label, state in states if state == "down"]


PAGES = (PageRoute("GET", HOME, home, Access.KEY, UsageQuery),)
