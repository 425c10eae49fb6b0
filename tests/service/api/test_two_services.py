"""Two services on one database: what one does, the other one knows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from linkskipper.accounts import revoke_key
from support.service import Caller, Service, fresh_link, run_service

REVOKED_SECONDS = 1


@pytest.fixture
async def services(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Service, Service]]:
    """Yield two services. Only the first one has workers."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    secret = "s" * 32
    async with (
        run_service(database_url, tmp_path / "a", secret_key=secret) as first,
        run_service(database_url, tmp_path / "b", secret_key=secret, tiers=(), webhooks=False) as second,
    ):
        yield first, second


async def callers(services: tuple[Service, Service]) -> tuple[Caller, Caller]:
    """Return the same client at both services."""
    first, second = services
    one = await first.caller()
    return one, Caller(second.session, one.account_id, one.key_id, one.key)


async def test_either_service_answers_who_waits(services: tuple[Service, Service]) -> None:
    """A service without workers answers with the result of another's worker, at submission and later."""
    one, two = await callers(services)
    assert (await two.resolve(fresh_link(), wait=10)).status == 200
    job_id = (await two.resolve(f"https://slow.lab.test/1/{uuid4().hex}")).body["job_id"]
    jobs = await asyncio.gather(one.finished(job_id), two.finished(job_id))
    assert [job["status"] for job in jobs] == ["done", "done"]


async def test_a_revoked_key_is_refused_by_both(services: tuple[Service, Service]) -> None:
    """A second after a key was revoked, no service takes it, though both had just used it."""
    one, two = await callers(services)
    assert [(await caller.get("/v1/providers")).status for caller in (one, two)] == [200, 200]
    await revoke_key(services[0].pool, one.key_id)
    await asyncio.sleep(REVOKED_SECONDS)
    assert [(await caller.get("/v1/providers")).status for caller in (one, two)] == [401, 401]


async def test_both_services_share_a_balance(services: tuple[Service, Service]) -> None:
    """Of simultaneous submissions to both services, as many are taken as the account has credits for."""
    first, second = services
    one = await first.caller(credits=10)
    two = Caller(second.session, one.account_id, one.key_id, one.key)
    answers = await asyncio.gather(*(caller.resolve(fresh_link()) for caller in (one, two) for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [202] * 10 + [402] * 30
