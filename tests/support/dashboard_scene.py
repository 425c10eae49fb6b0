"""An account whose every text is an attack, and a path of every page that shows them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from linkskipper import credits
from linkskipper.accounts import create_key, list_account_keys
from linkskipper.audit import AuditEntry, RefusalRecorder, record
from linkskipper.dashboard.page import PageRoute
from linkskipper.dashboard.pages import PAGES
from linkskipper.dashboard.pages.exports import PAGES as EXPORTS
from linkskipper.dashboard.pages.stream import PATH as STREAM
from linkskipper.egress import RefusalCounter
from linkskipper.people import Role
from linkskipper.provider_health import switch_off
from linkskipper.request_log import LoggedRequest, RequestLog
from support.dashboard import Visitor, make_user, visitor
from support.deliveries import queued
from support.factories import KEYRING, make_hostile_jobs
from support.hostile import HOSTILE, HOSTILE_URLS
from support.service import Service

SHOWN = tuple(page for page in PAGES if page.method == "GET" and page.path != STREAM and page not in EXPORTS)
PROVIDER = "adjust"  # no test resolves links of it
CHANGES = tuple(page for page in PAGES if page.method == "POST")


@dataclass(frozen=True)
class Scene:
    """The account, an operator who owns it, and a value for each parameter in the paths of pages."""

    service: Service
    account_id: int
    operator_id: int
    values: dict[str, str]

    def path(self, page: PageRoute) -> str:
        """Return a path of a page, with data of the account."""
        return re.sub(r"\{(\w+)\}", lambda match: self.values[match[1]], page.path)

    async def operator(self) -> Visitor:
        """Return the operator with a new session."""
        return await visitor(self.service, self.operator_id)

    async def member(self, role: Role) -> Visitor:
        """Return a new member of the account with a new session."""
        count = await self.service.pool.fetchval("SELECT count(*) FROM users")
        user_id = await make_user(self.service, f"member {count}", self.account_id, role)
        return await visitor(self.service, user_id)


async def hostile_scene(service: Service) -> Scene:
    """Make an account with attacks in every table that pages show."""
    pool, caller = service.pool, await service.caller(credits=1000)
    await pool.execute("UPDATE accounts SET name = $2 WHERE id = $1", caller.account_id, HOSTILE[0])
    counter = RefusalCounter()
    for number, text in enumerate(HOSTILE):
        await create_key(pool, KEYRING, caller.account_id, name=text, daily_quota=number + 1)
        async with pool.acquire() as connection, connection.transaction():
            reference = f"{text} {caller.account_id}"
            await credits.grant(connection, caller.account_id, 1, note=text, reference=reference, actor=text)
            terms = credits.VoucherTerms(1, 1, timedelta(days=1), text)
            await credits.create_vouchers(connection, KEYRING.hash, terms, count=1, actor=text)
            entry = AuditEntry(
                action=text, actor=text, account_id=caller.account_id, subject=text, address=text, request_id=text
            )
            await record(connection, entry)
            counter.add(text, text)
        await pool.execute(
            "INSERT INTO webhook_hosts (host, failures, failing_since, paused_at) VALUES ($1, 3, now(), now())"
            " ON CONFLICT DO NOTHING",
            text,
        )
    await RefusalRecorder(pool, counter).flush()
    log = RequestLog(pool)
    for text in HOSTILE:
        log.add(
            LoggedRequest(datetime.now(UTC), caller.account_id, caller.key_id, text, text, text, 400, text, 1, None)
        )
    await log.write()
    jobs = await make_hostile_jobs(pool, caller.key_id, (*HOSTILE, *HOSTILE_URLS))
    delivery_id = await _hostile_delivery(service, caller.key_id)
    operator_id = await make_user(service, f"{HOSTILE[1][:40]}{caller.account_id}", caller.account_id, is_operator=True)
    session = await visitor(service, operator_id)
    await session.get("/dashboard", headers={"User-Agent": HOSTILE[3]})
    await pool.execute("UPDATE sessions SET user_agent = $2 WHERE user_id = $1", operator_id, HOSTILE[3])
    await switch_off(pool, PROVIDER, note=HOSTILE[0])
    await pool.execute(
        "INSERT INTO circuits (provider, host, consecutive_failures, open_until) VALUES ($1, $2, '{1}', now())"
        " ON CONFLICT DO NOTHING",
        *(PROVIDER, HOSTILE[1]),
    )
    values = {
        "provider_id": PROVIDER,
        "entry_id": "1",
        "job_id": str(jobs[-1]),
        "key_id": str((await list_account_keys(pool, caller.account_id))[0].id),
        "delivery_id": str(delivery_id),
        "account_id": str(caller.account_id),
        "voucher_id": str(await pool.fetchval("SELECT max(id) FROM vouchers")),
        "user_id": str(operator_id),
        "session_id": str(await pool.fetchval("SELECT id FROM sessions WHERE user_id = $1", operator_id)),
    }
    return Scene(service, caller.account_id, operator_id, values)


async def forget_scene(service: Service) -> None:
    """Undo what the scene changed for all accounts."""
    await service.pool.execute("DELETE FROM provider_state WHERE provider = $1", PROVIDER)
    await service.pool.execute("DELETE FROM circuits WHERE provider = $1", PROVIDER)
    await service.pool.execute("DELETE FROM webhook_hosts WHERE host = ANY($1::text[])", list(HOSTILE))


async def _hostile_delivery(service: Service, key_id: int) -> object:
    delivery_id = await queued(service.pool, key_id, "https://hook.example/x")
    for number, text in enumerate(HOSTILE, 1):
        await service.pool.execute(
            "INSERT INTO webhook_attempts (delivery_id, number, started_at, milliseconds, status, error, response)"
            " VALUES ($1, $2, now(), 5, 500, $3, $3)",
            *(delivery_id, number + 100, text),
        )
    await service.pool.execute(
        "UPDATE webhook_deliveries SET url = $2, event = $3, body = $3 WHERE id = $1",
        *(delivery_id, HOSTILE_URLS[9], HOSTILE[3]),
    )
    return delivery_id
