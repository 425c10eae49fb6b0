"""Checks of the database and of what it holds."""

import time
from collections.abc import Awaitable, Callable, Mapping

from linkskipper.accounts import WebhookSecrets, list_keys, load_keyring
from linkskipper.credits import count_drifted_accounts
from linkskipper.database import Pool, require_session
from linkskipper.database.schema import HEAD, current_revision, judge
from linkskipper.database.server import read_clock, read_identity, read_server_version
from linkskipper.queue import read_depths
from linkskipper.service.database import shared_pool
from linkskipper.service.doctor.result import CheckResult, ok
from linkskipper.service.worker import TIERS
from linkskipper.settings import Settings

OLDEST_VERSION = 15
MAX_CLOCK_DIFFERENCE = 5.0  # seconds
MAX_QUEUE_WAIT = 60.0  # seconds
CHECKED_KEYS = 1000

DataCheck = Callable[[Settings, Pool], Awaitable[CheckResult]]


async def check_server(pool: Pool) -> CheckResult:
    """Check the version of PostgreSQL."""
    version = await read_server_version(pool)
    if int(version.split(".")[0]) < OLDEST_VERSION:
        return CheckResult(
            "database", "problem", f"PostgreSQL {version} is too old.", f"Use PostgreSQL {OLDEST_VERSION} or later."
        )
    return ok("database", f"PostgreSQL {version} answers.")


async def check_schema(pool: Pool) -> CheckResult:
    """Check that the schema is the one that this version needs."""
    async with pool.acquire() as connection:
        revision = await current_revision(connection)
    state = judge(revision)
    if state == "current":
        return ok("schema", f"The schema is at {HEAD}.")
    found = f"The schema is {state}: revision {revision or 'none'}, and this version needs {HEAD}."
    action = "Run linkskipper db migrate." if state == "behind" else "Install the version that made this schema."
    return CheckResult("schema", "problem", found, action)


async def check_secret(settings: Settings, pool: Pool) -> CheckResult:
    """Check that the secret of this process decrypts the webhook secrets of the newest keys."""
    keyring = load_keyring(settings)
    ids = [key.id for key in await list_keys(pool)][-CHECKED_KEYS:]
    readable = await WebhookSecrets(pool, keyring).read(ids)
    if unreadable := len(ids) - len(readable):
        return CheckResult(
            "secret",
            "problem",
            f"{unreadable} of {len(ids)} keys were made with another secret. They are refused.",
            "Restore secret.key, or set LINKSKIPPER_SECRET_KEY to the secret that made the keys.",
        )
    return ok("secret", f"The secret belongs to the keys ({len(ids)} checked).")


async def check_ledger(settings: Settings, pool: Pool) -> CheckResult:
    """Check that every balance is the sum of its ledger."""
    del settings
    async with pool.acquire() as connection:
        drifted = await count_drifted_accounts(connection)
    if drifted is None:
        return ok("ledger", "Another process checks it now.")
    if drifted:
        found = f"The balance of {drifted} accounts is not the sum of their ledger."
        return CheckResult("ledger", "problem", found, "Read linkskipper_ledger_drift_accounts in the runbook.")
    return ok("ledger", "Every balance is the sum of its ledger.")


async def check_clock(settings: Settings, pool: Pool) -> CheckResult:
    """Compare the clock of this machine with that of the database."""
    del settings
    before = time.time()
    database_clock = await read_clock(pool)
    difference = abs(database_clock - (before + time.time()) / 2)
    if difference > MAX_CLOCK_DIFFERENCE:
        return CheckResult(
            "clock",
            "warning",
            f"The clocks of this machine and of the database differ by {difference:.0f} s.",
            "Synchronize both. Receivers refuse webhooks if the difference exceeds 300 s.",
        )
    return ok("clock", f"The clock differs from the database's by {difference:.1f} s.")


async def check_queue(settings: Settings, pool: Pool) -> CheckResult:
    """Check that workers take what is due."""
    del settings
    depths = await read_depths(pool, TIERS)
    waiting, in_progress = sum(depth.waiting for depth in depths), sum(depth.in_progress for depth in depths)
    found = f"Links that wait: {waiting}. In progress: {in_progress}."
    now = await read_clock(pool)
    waited = max((now - depth.oldest.timestamp() for depth in depths if depth.oldest is not None), default=0)
    if waited > MAX_QUEUE_WAIT:
        found = f"{found} The oldest has waited for {waited:.0f} s."
        if in_progress == 0:
            return CheckResult("queue", "problem", found, "Start a worker. If one runs, read its log.")
        return CheckResult("queue", "warning", found, "Start more workers.")
    return ok("queue", found)


async def check_connections(settings: Settings, pool: Pool) -> CheckResult:
    """Check that what listens reaches the server itself, and that PgBouncer leads to the same database."""
    name, url = "connections", settings.database_direct_url or settings.database_url
    if url is None:
        return ok(name, "The embedded server is reached directly.")
    await require_session(url)
    if settings.database_direct_url is None:
        return ok(name, "The server is reached directly.")
    shared = await shared_pool(settings, url, size=1)
    try:
        if await read_identity(shared) == await read_identity(pool):
            return ok(name, "The server is reached directly, and through PgBouncer.")
    finally:
        shared.terminate()
    found = "LINKSKIPPER_DATABASE_URL and LINKSKIPPER_DATABASE_DIRECT_URL lead to different databases."
    return CheckResult(name, "problem", found, "Correct one of them.")


OF_DATA: Mapping[str, DataCheck] = {
    "connections": check_connections,
    "secret": check_secret,
    "clock": check_clock,
    "ledger": check_ledger,
    "queue": check_queue,
}
