"""If a request has two faults, the first one counts (docs/reference/api.md, "Order of checks")."""

import asyncio
from pathlib import Path

from linkskipper.accounts import revoke_key
from linkskipper.credits import grant
from linkskipper.provider_health import switch_off
from support.factories import mark_removed
from support.service import Answer, Caller, Service, fresh_link, run_service

UNSUPPORTED = "https://example.com/page"


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.body["code"]


async def with_done_job(service: Service, key: str) -> Caller:
    """Return a caller whose idempotency key has started a job that is done."""
    caller = await service.caller()
    assert (await caller.resolve(fresh_link(), idempotency_key=key, wait=10)).status == 200
    return caller


async def test_key_before_rate_limit(service: Service) -> None:
    """A revoked key over its limit: 401, as soon as the revocation is known."""
    caller = await service.caller(rate_limit=1)
    await caller.get("/v1/account")
    assert told(await caller.get("/v1/account")) == (429, "rate_limited")
    await revoke_key(service.pool, caller.key_id)
    async with asyncio.timeout(20):
        while (refused := told(await caller.get("/v1/account"))) == (429, "rate_limited"):
            await asyncio.sleep(0.05)
    assert refused == (401, "invalid_key")


async def test_rate_limit_before_scope(service: Service) -> None:
    """A key without the scope and over its limit: 429."""
    caller = await service.caller(scopes=(), rate_limit=1)
    assert told(await caller.resolve(fresh_link())) == (403, "forbidden_scope")
    assert told(await caller.resolve(fresh_link())) == (429, "rate_limited")


async def test_scope_before_body(service: Service) -> None:
    """A key without the scope, a body that is wrong: 403."""
    reader, resolver = await service.caller(scopes=()), await service.caller()
    assert told(await resolver.resolve(7)) == (400, "invalid_request")
    assert told(await reader.resolve(7)) == (403, "forbidden_scope")


async def test_body_before_replay(service: Service) -> None:
    """A repeat with a body that is wrong: 400."""
    caller = await with_done_job(service, "order")
    assert (await caller.resolve(fresh_link(), idempotency_key="order")).body["cached"] is False
    assert told(await caller.resolve(7, idempotency_key="order")) == (400, "invalid_request")


async def test_replay_before_supported_link(service: Service) -> None:
    """A repeat with a link that is not supported: the first one's job."""
    caller = await with_done_job(service, "order")
    assert told(await caller.resolve(UNSUPPORTED, idempotency_key="other")) == (422, "unsupported_link")
    assert (await caller.resolve(UNSUPPORTED, idempotency_key="order")).status == 200


async def test_supported_link_before_cache(service: Service, tmp_path: Path) -> None:
    """A cached link whose provider is no longer supported: 422."""
    providers = tmp_path / "providers"
    providers.mkdir()
    (providers / "lab-bulk.toml").write_text(
        'id = "lab-bulk"\nlabel = "Moved"\nhosts = ["moved.lab.test"]\ntier = "standard"\nlatency = "instant"\n'
    )
    caller, link = await service.caller(), fresh_link()
    await caller.resolve(link, wait=10)
    assert (await caller.resolve(link)).body["cached"] is True
    url = service.settings.database_url
    assert url is not None
    async with run_service(url, tmp_path, tiers=(), providers_dir=providers) as changed:
        assert told(await (await changed.caller()).resolve(link)) == (422, "unsupported_link")


async def test_cache_and_removed_exclude_each_other(service: Service) -> None:
    """A link is stored either with its target (200) or as removed (410), so neither can hide the other."""
    caller, link = await service.caller(), fresh_link()
    await caller.resolve(link, wait=10)
    assert (await caller.resolve(link)).status == 200
    await mark_removed(service.pool, link)
    assert told(await caller.resolve(link)) == (410, "link_removed")


async def test_removed_before_daily_quota(service: Service) -> None:
    """A removed link and a used-up quota: 410."""
    caller, link = await service.caller(daily_quota=1), fresh_link()
    await caller.resolve(link, wait=10)
    await mark_removed(service.pool, link)
    assert told(await caller.resolve(fresh_link())) == (429, "quota_exceeded")
    assert told(await caller.resolve(link)) == (410, "link_removed")


async def test_cache_and_removed_before_provider_up(database_url: str, tmp_path: Path) -> None:
    """If the provider is switched off, a cached link is answered, a removed one is 410, any other 503."""
    async with run_service(database_url, tmp_path) as service:
        caller = await service.caller(daily_quota=2, credits=2)
        cached, removed = fresh_link(), f"https://bulk.lab.test/{fresh_link()[-32:]}"
        for link in (cached, removed):
            assert (await caller.resolve(link, wait=10)).status == 200
        await mark_removed(service.pool, removed)
        await switch_off(service.pool, "lab-bulk", note="")
        async with asyncio.timeout(20):
            while (refused := told(await caller.resolve(fresh_link()))) != (503, "provider_down"):
                assert refused == (429, "quota_exceeded")
                await asyncio.sleep(0.05)
        assert (await caller.resolve(cached)).body["cached"] is True
        assert told(await caller.resolve(removed)) == (410, "link_removed")


async def test_daily_quota_before_credits(service: Service) -> None:
    """A used-up quota and no credits: 429."""
    caller = await service.caller(daily_quota=1, credits=1)
    unlimited = await service.caller(account_id=caller.account_id)
    assert (await caller.resolve(fresh_link(), wait=10)).status == 200
    assert told(await unlimited.resolve(fresh_link())) == (402, "out_of_credits")
    assert told(await caller.resolve(fresh_link())) == (429, "quota_exceeded")


async def test_credits_before_queue(service: Service) -> None:
    """Without credits, a call gets 402 and makes no job. With credits, the same call makes one."""
    caller, link = await service.caller(credits=0), fresh_link()
    jobs = "SELECT count(*) FROM jobs WHERE account_id = $1"
    assert told(await caller.resolve(link, idempotency_key="order")) == (402, "out_of_credits")
    assert await service.pool.fetchval(jobs, caller.account_id) == 0
    async with service.pool.acquire() as connection, connection.transaction():
        await grant(connection, caller.account_id, 1)
    assert (await caller.resolve(link, idempotency_key="order")).status == 202
    assert await service.pool.fetchval(jobs, caller.account_id) == 1
