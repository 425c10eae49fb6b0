"""Credits under concurrency are never overspent, never charged twice and never left held."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from linkskipper.jobs import JobCompleter, JobResult, JobStatus
from linkskipper.link_cache import LinkCache
from linkskipper.usage import UsageCounter
from support.service import Service, fresh_link, run_service


async def test_admission_never_overspends(server_url: str, database_url: str, tmp_path: Path) -> None:
    """Simultaneous requests are queued up to the balance, and the others get 402."""
    del server_url
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller(credits=7)
        links = [fresh_link() if number % 2 else f"https://premium.lab.test/0/{uuid4().hex}" for number in range(60)]
        answers = await asyncio.gather(*(caller.resolve(link) for link in links))
        assert {answer.status for answer in answers} == {202, 402}
        refused = next(answer for answer in answers if answer.status == 402)
        assert (refused.body["code"], refused.body["balance"]) == ("out_of_credits", 7)
        assert "the balance of 7, jobs under way hold" in refused.body["detail"]
        assert await service.pool.fetchval("SELECT sum(price) FROM jobs") == 7
        assert await service.pool.fetchval("SELECT held FROM accounts WHERE id = $1", caller.account_id) == 7


async def test_a_refusal_says_what_is_true(service: Service) -> None:
    """The detail of a 402 mentions jobs in progress only if there are any."""
    caller = await service.caller(credits=1)
    refused = await caller.resolve(f"https://premium.lab.test/0/{uuid4().hex}")
    assert refused.body["detail"] == "This link costs 2 credits and the balance is 1. Add credits and try again."
    slow = await caller.resolve(f"https://slow.lab.test/2/{uuid4().hex}")
    refused = await caller.resolve(fresh_link())
    assert refused.body["detail"] == (
        "This link costs 1 credit. Of the balance of 1, jobs under way hold 1 and 0 can be spent. "
        "Add credits, or wait for those jobs to end."
    )
    await caller.finished(slow.body["job_id"])


async def test_what_ends_badly_is_released(service: Service) -> None:
    """A failed job releases its hold, so the balance can be spent to its last credit."""
    caller = await service.caller(credits=1)
    for _ in range(2):
        failed = await caller.resolve(f"https://impatient.lab.test/20/{uuid4().hex}")
        assert failed.status == 202
        assert (await caller.resolve(fresh_link())).status == 402
        await caller.finished(failed.body["job_id"])
    assert (await caller.resolve(fresh_link(), wait=10)).body["balance"] == 0
    assert (await caller.resolve(fresh_link())).status == 402


async def test_books_balance_after_a_rush(service: Service) -> None:
    """Of hundreds of simultaneous jobs each done one is charged once, and the ledger sums to the balance."""
    caller = await service.caller(credits=500)
    links = [fresh_link() for _ in range(200)] + [f"https://removed.lab.test/{uuid4().hex}" for _ in range(40)]
    answers = await asyncio.gather(*(caller.resolve(link) for link in links))
    jobs = await asyncio.gather(*(caller.finished(answer.body["job_id"]) for answer in answers if answer.status == 202))
    charged = sum(job["credits_charged"] for job in jobs)
    assert charged == 200
    row = await service.pool.fetchrow(
        "SELECT balance, held, (SELECT sum(amount) FROM ledger WHERE account_id = accounts.id) AS total,"
        " (SELECT count(*) FROM ledger WHERE account_id = accounts.id AND kind = 'charge') AS charges"
        " FROM accounts WHERE id = $1",
        caller.account_id,
    )
    assert dict(row or {}) == {"balance": 300, "held": 0, "total": 300, "charges": 200}


async def test_a_late_worker_changes_nothing(server_url: str, database_url: str, tmp_path: Path) -> None:
    """An attempt that was presumed lost completes nothing, whatever it found."""
    del server_url
    async with run_service(database_url, tmp_path, tiers=()) as service:
        caller = await service.caller(credits=5)
        job_id = (await caller.resolve(fresh_link())).body["job_id"]
        old, new = uuid4(), uuid4()
        await service.pool.execute(
            "UPDATE jobs SET status = 'running', attempt = 2, lease = $2 WHERE id = $1", job_id, new
        )
        cache = LinkCache(service.pool, keep_resolved=timedelta(days=1), keep_removed=timedelta(days=1))
        completer = JobCompleter(service.pool, cache, UsageCounter())

        def result(attempt: int, lease: UUID) -> JobResult:
            return JobResult(UUID(job_id), attempt, lease, JobStatus.DONE, target_url="https://example.com/", price=1)

        late = [result(1, old), result(2, old), result(1, new), result(3, new)]
        assert [await completer.complete(attempt) for attempt in late] == [False] * 4
        assert (await caller.get(f"/v1/jobs/{job_id}")).body["balance"] == 5
        assert await completer.complete(result(2, new)) is True
        assert await completer.complete(result(2, new)) is False
        job = (await caller.get(f"/v1/jobs/{job_id}")).body
        assert (job["status"], job["credits_charged"], job["balance"]) == ("done", 1, 4)
