"""An idempotency key makes one job and one charge (docs/reference/api.md, "Idempotency")."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from support.factories import grant
from support.service import Caller, Service, fresh_link, run_service


async def jobs_and_money(service: Service, caller: Caller) -> tuple[int, int, int]:
    """Return the number of jobs, the number of charges, and the held credits of the caller's account."""
    jobs = await service.pool.fetchval("SELECT count(*) FROM jobs WHERE account_id = $1", caller.account_id)
    charges = await service.pool.fetchval(
        "SELECT count(*) FROM ledger WHERE kind = 'charge' AND account_id = $1", caller.account_id
    )
    held = await service.pool.fetchval("SELECT held FROM accounts WHERE id = $1", caller.account_id)
    return jobs, charges, held


async def test_a_hundred_at_once_make_one_job(service: Service) -> None:
    """A hundred simultaneous first requests with one key make one job, one hold and one charge."""
    caller = await service.caller()
    answers = await asyncio.gather(*(caller.resolve(fresh_link(), idempotency_key="same") for _ in range(100)))
    ids = {answer.body["job_id"] for answer in answers}
    assert len(ids) == 1
    assert {answer.status for answer in answers} <= {200, 202}
    await caller.finished(ids.pop())
    assert await jobs_and_money(service, caller) == (1, 1, 0)


async def test_a_hundred_at_once_over_two_processes(server_url: str, database_url: str, tmp_path: Path) -> None:
    """Requests to two services on one database make one job too, with the key in the body or in the header."""
    del server_url
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    secret = "s" * 32
    async with (
        run_service(database_url, tmp_path / "a", secret_key=secret) as first,
        run_service(database_url, tmp_path / "b", secret_key=secret) as second,
    ):
        one = await first.caller(credits=1)
        two = Caller(second.session, one.account_id, one.key_id, one.key)
        calls = [one.resolve(fresh_link(), idempotency_key="same") for _ in range(50)]
        calls += [two.resolve(fresh_link(), headers={"Idempotency-Key": "same"}) for _ in range(50)]
        answers = await asyncio.gather(*calls)
        ids = {answer.body["job_id"] for answer in answers}
        assert len(ids) == 1
        await one.finished(ids.pop())
        assert await jobs_and_money(first, one) == (1, 1, 0)


async def test_replays_in_every_state(server_url: str, database_url: str, tmp_path: Path) -> None:
    """Replays show queued and running jobs as queued, done ones as 200, and others as 502, 410 or 422."""
    del server_url
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller()
        first = await caller.resolve(fresh_link(), idempotency_key="k")
        job_id = first.body["job_id"]

        async def put(change: str) -> None:
            await service.pool.execute(f"UPDATE jobs SET {change} WHERE id = $1", job_id)

        replay = await caller.resolve("another", idempotency_key="k")
        assert (replay.status, replay.body) == (202, first.body)
        assert replay.headers["location"] == first.headers["location"]
        await put("status = 'running', lease = gen_random_uuid()")
        replay = await caller.resolve(fresh_link(), idempotency_key="k")
        assert (replay.status, replay.body["status"]) == (202, "queued")
        await put("status = 'done', lease = NULL, target_url = 'https://example.com/', credits_charged = 1")
        replay = await caller.resolve(fresh_link(), idempotency_key="k")
        assert (replay.status, replay.body["job_id"], replay.body["cached"]) == (200, job_id, False)
        assert (replay.body["credits_charged"], replay.body["target_url"]) == (1, "https://example.com/")
        await put("status = 'failed', target_url = NULL, credits_charged = 0, reason = 'timeout'")
        replay = await caller.resolve(fresh_link(), idempotency_key="k")
        assert (replay.status, replay.body["code"]) == (502, "resolve_failed")
        await put("reason = 'link_removed'")
        replay = await caller.resolve(fresh_link(), idempotency_key="k")
        assert (replay.status, replay.body["code"]) == (410, "link_removed")
        await put("status = 'invalid', reason = 'not_a_link'")
        replay = await caller.resolve(fresh_link(), idempotency_key="k")
        assert (replay.status, replay.body["code"]) == (422, "unsupported_link")
        assert (await jobs_and_money(service, caller))[0] == 1


async def test_body_wins_over_header(service: Service) -> None:
    """The header means the same as the field, and the field wins if both are present."""
    caller = await service.caller()
    first = await caller.resolve(fresh_link(), headers={"Idempotency-Key": "header"}, wait=10)
    same = await caller.resolve(fresh_link(), idempotency_key="header")
    assert same.body["job_id"] == first.body["job_id"]
    other = await caller.resolve(fresh_link(), idempotency_key="body", headers={"Idempotency-Key": "header"})
    assert other.body["job_id"] != first.body["job_id"]


async def test_keys_are_scoped_to_the_api_key(service: Service) -> None:
    """Two API keys of one account do not share idempotency keys."""
    caller = await service.caller()
    sibling = await service.caller(account_id=caller.account_id)
    first = await caller.resolve(fresh_link(), idempotency_key="k")
    second = await sibling.resolve(fresh_link(), idempotency_key="k")
    assert first.body["job_id"] != second.body["job_id"]


async def test_refused_request_does_not_use_its_key(service: Service) -> None:
    """A key whose first request was refused (here with 402) starts a job once a request is accepted."""
    caller = await service.caller(credits=0)
    refused = await asyncio.gather(*(caller.resolve(fresh_link(), idempotency_key="k") for _ in range(20)))
    assert {answer.status for answer in refused} == {402}
    await grant(service.pool, caller.account_id, 1)
    assert (await caller.resolve(fresh_link(), idempotency_key="k")).status == 202


@pytest.mark.parametrize("key", ["k", "ключ", "a b", "x" * 128])
async def test_any_text_is_a_key(service: Service, key: str) -> None:
    """Keys are opaque text of 1 to 128 characters."""
    caller = await service.caller()
    first = await caller.resolve(fresh_link(), idempotency_key=key)
    assert (await caller.resolve(fresh_link(), idempotency_key=key)).body["job_id"] == first.body["job_id"]


async def test_cached_answer_starts_nothing(service: Service) -> None:
    """A first request that the cache answers makes no job, so its key can start a later one."""
    caller = await service.caller()
    link = fresh_link()
    await caller.resolve(link, wait=10)
    assert (await caller.resolve(link, idempotency_key="k")).body["cached"] is True
    assert (await caller.resolve(f"https://bulk.lab.test/{uuid4()}", idempotency_key="k")).status == 202
