"""Operators and the running service: providers, queue, hosts, the state now, the installation."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from linkskipper.accounts import revoke_key
from linkskipper.service.dashboard import CONNECTIONS
from support.dashboard import Visitor, make_user, visitor
from support.deliveries import queued
from support.service import Caller, Service, fresh_link, run_service

OPERATE = "/dashboard/operate"
SAMPLE = "https://bulk.lab.test/demo-1"


async def operator_of(service: Service, caller: Caller) -> Visitor:
    user_id = await make_user(service, f"operator {caller.account_id}", caller.account_id, is_operator=True)
    return await visitor(service, user_id)


@pytest.fixture
async def idle(database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    """A service without workers, in which every link waits."""
    async with run_service(database_url, tmp_path, tiers=(), webhooks=False) as service:
        yield service


async def test_switch(idle: Service) -> None:
    """A provider that is switched off refuses links, with a note for operators. The second of two operators is told."""
    caller = await idle.caller()
    operator = await operator_of(idle, caller)
    path = f"{OPERATE}/providers/lab-bulk"
    assert (await operator.get(path)).status == 200
    assert (await operator.post(f"{path}/off", {"note": " "})).status == 422
    assert (await operator.post(f"{path}/off", {"note": "it is broken"})).status == 303
    async with asyncio.timeout(60):
        while (await caller.resolve(fresh_link())).status != 503:
            await asyncio.sleep(0.05)
    assert "it is broken" in (await operator.get(f"{OPERATE}/providers?state=off")).visible_text
    assert "it is broken" not in (await operator.get("/dashboard/providers")).visible_text
    assert (await operator.post(f"{path}/off", {"note": "again"})).status == 409
    assert (await operator.post(f"{path}/on")).status == 303
    assert (await operator.post(f"{path}/on")).status == 409
    async with asyncio.timeout(60):
        while (await caller.resolve(fresh_link())).status != 202:
            await asyncio.sleep(0.05)
    assert (await operator.get(f"{OPERATE}/providers/none")).status == 404
    actions = await idle.pool.fetch("SELECT action FROM audit_log WHERE subject LIKE 'lab-bulk%' ORDER BY id")
    assert [row["action"] for row in actions] == ["provider.off", "provider.on"]


async def test_queue(idle: Service) -> None:
    """A link that waits is put first, and cancelled with its credits released. Both happen once."""
    caller = await idle.caller(credits=10)
    operator = await operator_of(idle, caller)
    ids = [(await caller.resolve(fresh_link())).body["job_id"] for _ in range(2)]
    page = await operator.get(f"{OPERATE}/queue")
    assert all(f"/queue/links/{job_id}/cancel" in page.text for job_id in ids)
    entry_id = await idle.pool.fetchval("SELECT max(id) FROM pgqueuer WHERE entrypoint = 'standard'")
    first = f"{OPERATE}/queue/entries/{entry_id}/first"
    assert (await operator.post(first)).status == 303
    assert (await operator.post(first)).status == 409
    cancel = f"{OPERATE}/queue/links/{ids[0]}/cancel"
    assert (await operator.post(cancel)).status == 303
    assert (await operator.post(cancel)).status == 409
    assert (await caller.get(f"/v1/jobs/{ids[0]}")).body["status"] == "failed"
    assert "cancelled" in (await operator.get(f"/dashboard/links/{ids[0]}")).visible_text
    assert await idle.pool.fetchval("SELECT held FROM accounts WHERE id = $1", caller.account_id) == 1
    assert (await operator.get(f"{OPERATE}/queue?state=running")).status == 200


async def test_many_operators_at_once(idle: Service) -> None:
    """As many operators as the dashboard has connections put links first at once, and none waits for another's."""
    caller = await idle.caller(credits=10)
    operator = await operator_of(idle, caller)
    for _ in range(CONNECTIONS + 1):
        await caller.resolve(fresh_link())
    rows = await idle.pool.fetch("SELECT id FROM pgqueuer WHERE entrypoint = 'standard' ORDER BY id DESC")
    paths = [f"{OPERATE}/queue/entries/{row['id']}/first" for row in rows[:CONNECTIONS]]
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(20):
        async with idle.pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE pgqueuer IN ACCESS EXCLUSIVE MODE")
            posts = [asyncio.create_task(operator.post(path)) for path in paths]
            while await idle.pool.fetchval(blocked) < CONNECTIONS:
                await asyncio.sleep(0.01)
        answers = await asyncio.gather(*posts)
    assert [answer.status for answer in answers] == [303] * CONNECTIONS


async def test_cancelled_link_ends_for_its_worker(service: Service) -> None:
    """The result of a worker that resolves a cancelled link counts no longer."""
    caller = await service.caller(credits=10)
    operator = await operator_of(service, caller)
    job_id = (await caller.resolve(f"https://slow.lab.test/3/{uuid4().hex}")).body["job_id"]
    async with asyncio.timeout(60):
        while (await caller.get(f"/v1/jobs/{job_id}")).body["status"] != "running":
            await asyncio.sleep(0.02)
    assert (await operator.post(f"{OPERATE}/queue/links/{job_id}/cancel")).status == 303
    async with asyncio.timeout(60):
        while await service.pool.fetchval("SELECT count(*) FROM pgqueuer WHERE status = 'picked'"):
            await asyncio.sleep(0.05)
    job = (await caller.get(f"/v1/jobs/{job_id}")).body
    assert (job["status"], job["balance"]) == ("failed", 10)


async def test_hosts(idle: Service) -> None:
    """A host is found, paused and resumed, and each of it happens once."""
    caller = await idle.caller()
    operator = await operator_of(idle, caller)
    await queued(idle.pool, caller.key_id, "https://hook.example/x")
    assert "hook.example" not in (await operator.get(f"{OPERATE}/hosts")).visible_text
    assert "hook.example" in (await operator.get(f"{OPERATE}/hosts?state=all")).visible_text
    assert "hook.example" in (await operator.get(f"{OPERATE}/hosts?host=HOOK.example")).visible_text
    form = {"host": "hook.example"}
    assert (await operator.post(f"{OPERATE}/hosts/resume", form)).status == 409
    assert (await operator.post(f"{OPERATE}/hosts/pause", form)).status == 303
    assert (await operator.post(f"{OPERATE}/hosts/pause", form)).status == 409
    assert "hook.example" in (await operator.get(f"{OPERATE}/hosts?state=paused")).visible_text
    assert "1 host of webhooks is paused" in (await operator.get(OPERATE)).visible_text
    before = await idle.pool.fetchval("SELECT count(*) FROM pgqueuer")
    assert (await operator.post(f"{OPERATE}/hosts/resume", form)).status == 303
    assert await idle.pool.fetchval("SELECT count(*) FROM pgqueuer") == before + 1
    assert "No host fails" in (await operator.get(f"{OPERATE}/hosts")).visible_text


async def test_now_says_what_is_wrong(idle: Service) -> None:
    """The first page of operators is calm while all is well, and names an old queue with the page that helps."""
    caller = await idle.caller()
    operator = await operator_of(idle, caller)
    await caller.resolve(fresh_link())
    assert "Nothing needs attention" in (await operator.get(OPERATE)).visible_text
    await idle.pool.execute(
        "UPDATE pgqueuer SET created = now() - interval '5 minutes', execute_after = now() - interval '5 minutes'"
    )
    page = await operator.get(OPERATE)
    assert "has waited for 5" in page.visible_text
    assert f'href="{OPERATE}/queue"' in page.text


async def test_system_hides_secrets(idle: Service) -> None:
    """The page of the installation shows settings, and of secrets only that they are set."""
    operator = await operator_of(idle, await idle.caller())
    page = await operator.get(f"{OPERATE}/system")
    assert "LINKSKIPPER_KEEP_DAYS 90" in page.visible_text
    assert "LINKSKIPPER_DATABASE_URL set" in page.visible_text
    assert "postgresql://" not in page.text
    assert "PostgreSQL" in page.visible_text
    assert re.search(r"hourly_usage not counted yet \d+", page.visible_text)
    await idle.pool.execute("ANALYZE hourly_usage")
    assert re.search(r"hourly_usage \d+ \d+", (await operator.get(f"{OPERATE}/system")).visible_text)


async def test_last_reload(database_url: str, tmp_path: Path) -> None:
    """The list of providers shows when the operator's files were read last, and which of them are refused."""
    folder = tmp_path / "providers"
    folder.mkdir()
    async with run_service(database_url, tmp_path, tiers=(), webhooks=False, providers_dir=folder) as service:
        operator = await operator_of(service, await service.caller())
        assert "All files are valid" in (await operator.get(f"{OPERATE}/providers")).visible_text
        (folder / "broken.toml").write_text("id = ")
        async with asyncio.timeout(20):
            while "broken.toml" not in (await operator.get(f"{OPERATE}/providers")).visible_text:
                await asyncio.sleep(0.1)


async def test_sample_is_run(service: Service) -> None:
    """A sample of a provider is resolved afresh, and its target is compared with the expected one."""
    caller = await service.caller(credits=10)
    operator = await operator_of(service, caller)
    path = f"{OPERATE}/providers/lab-bulk"
    assert (await operator.post(f"{path}/sample", {"url": fresh_link()})).status == 422
    for _ in range(2):  # the second run is not answered from the cache
        sent = await operator.post(f"{path}/sample", {"url": SAMPLE})
        assert sent.status == 303, sent.visible_text
        async with asyncio.timeout(30):
            while "being resolved" in (page := await operator.get(sent.headers["location"].partition("#")[0])).text:
                await asyncio.sleep(0.05)
        assert "The sample leads where it should" in page.visible_text
    assert await service.pool.fetchval("SELECT balance FROM accounts WHERE id = $1", caller.account_id) == 8
    audited = "SELECT count(*) FROM audit_log WHERE action = 'provider.sample' AND account_id = $1"
    assert await service.pool.fetchval(audited, caller.account_id) == 2


@pytest.mark.parametrize("refusal", ["credits", "quota", "provider"])
async def test_refused_sample(idle: Service, refusal: str) -> None:
    """A sample that is refused leaves the cached link to the customers. One that is accepted forgets it."""
    caller = await idle.caller(credits=0 if refusal == "credits" else 10)
    operator = await operator_of(idle, caller)
    await idle.pool.execute(
        "INSERT INTO cached_links (link_hash, canonical_url, target_url, provider, tier, expires_at)"
        " VALUES (sha256($1::text::bytea), $1, 'https://example.com/', 'lab-bulk', 'standard', 'infinity')",
        SAMPLE,
    )
    path = f"{OPERATE}/providers/lab-bulk"
    await idle.pool.execute("UPDATE api_keys SET daily_quota = 1 WHERE id = $1", caller.key_id)
    if refusal == "quota":
        used = "INSERT INTO daily_usage VALUES ($1, (now() AT TIME ZONE 'UTC')::date, 1)"
        await idle.pool.execute(used, caller.key_id)
    if refusal == "provider":
        assert (await operator.post(f"{path}/off", {"note": "broken"})).status == 303
        async with asyncio.timeout(60):
            while (await caller.resolve(fresh_link())).status != 503:
                await asyncio.sleep(0.05)
    refused = await operator.post(f"{path}/sample", {"url": SAMPLE})
    assert refused.status == 422, refused.visible_text
    cached = "SELECT count(*) FROM cached_links WHERE canonical_url = $1"
    assert await idle.pool.fetchval(cached, SAMPLE) == 1
    able = await operator_of(idle, await idle.caller(credits=10))
    if refusal != "provider":
        assert (await able.post(f"{path}/sample", {"url": SAMPLE})).status == 303
        assert await idle.pool.fetchval(cached, SAMPLE) == 0


async def test_sample_needs_a_key(service: Service) -> None:
    """An account without a key that may resolve is told to make one."""
    caller = await service.caller()
    operator = await operator_of(service, caller)
    await revoke_key(service.pool, caller.key_id)
    answer = await operator.post(f"{OPERATE}/providers/lab-bulk/sample", {"url": SAMPLE})
    assert (answer.status, "no key that may resolve" in answer.visible_text) == (422, True)


async def test_visitor_runs_no_sample(service: Service) -> None:
    """An operator who visits an account cannot spend its credits on a sample."""
    operator = await operator_of(service, await service.caller())
    visited = await service.caller(credits=10)
    assert (await operator.post(f"/dashboard/accounts/{visited.account_id}/enter")).status == 303
    path = f"{OPERATE}/providers/lab-bulk"
    assert "open an account in which you are a developer" in (await operator.get(path)).visible_text
    assert (await operator.post(f"{path}/sample", {"url": SAMPLE})).status == 403
    assert not await service.pool.fetchval("SELECT count(*) FROM jobs WHERE account_id = $1", visited.account_id)
