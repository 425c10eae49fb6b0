"""Submissions, ends, crashes, retries and grants come in any order, and the books are right after every step."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from linkskipper import credits
from linkskipper.accounts import Keyring, create_account, create_key
from linkskipper.catalog import Catalog
from linkskipper.database import Pool, open_pool
from linkskipper.errors import OperatorError, OutOfCredits
from linkskipper.jobs import JobCompleter, JobResult, JobStatus, JobSubmitter, NewJob, Queued, Resolved, queries
from linkskipper.lab import Lab
from linkskipper.link_cache import CachedLink, LinkCache
from linkskipper.provider_health import AdmissionControl

pytestmark = pytest.mark.slow

HOSTS = {"bulk.lab.test": "x{}", "premium.lab.test": "0/x{}"}


class Machine(RuleBasedStateMachine):
    """The steps of clients, workers and the operator, compared with a model that only counts.

    Each step is a transaction of the real code on the real database. A crash is an attempt that never completes.
    """

    database_url: str
    loop: asyncio.AbstractEventLoop
    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.run(self._begin())
        self.granted = 4
        self.charged: dict[UUID, int] = {}
        self.active: dict[UUID, int] = {}
        self.leases: dict[UUID, list[tuple[int, UUID]]] = {}

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _begin(self) -> None:
        self.pool: Pool = await open_pool(self.database_url, size=3)
        self.account = (await create_account(self.pool, "test", credits=4)).id
        self.key = (await create_key(self.pool, Keyring(b"x"), self.account, name="test")).id
        cache = LinkCache(self.pool, keep_resolved=timedelta(days=1), keep_removed=timedelta(days=1))
        self.completer = JobCompleter(self.pool, cache)
        self.submitter = submitter(self.pool)

    def teardown(self) -> None:
        self.pool.terminate()

    @rule(target=jobs, host=st.sampled_from(sorted(HOSTS)), idempotency_key=st.sampled_from([None, "a", "b"]))
    def submit(self, host: str, idempotency_key: str | None) -> UUID | None:
        url = f"https://{host}/{HOSTS[host].format(uuid4().hex)}"
        new = NewJob(self.account, self.key, None, url, idempotency_key)
        try:
            answer = self.run(self.submitter.submit(new))
        except OutOfCredits:
            return None
        if isinstance(answer, Queued):
            self.active[answer.job_id] = 2 if host == "premium.lab.test" else 1
            return answer.job_id
        assert not isinstance(answer, Resolved)
        return None

    @rule(job=jobs)
    def start(self, job: UUID | None) -> None:
        """A worker starts the job, perhaps after another worker was lost."""
        if job is None:
            return
        lease = uuid4()
        rows = self.run(self.pool.fetch(queries.START, [job], [lease]))
        assert bool(rows) == (job in self.active)
        for row in rows:
            self.leases.setdefault(job, []).append((row["attempt"], lease))

    @rule(job=jobs, attempt=st.integers(0, 3), well=st.booleans(), cached=st.booleans(), dearer=st.integers(0, 3))
    def complete(self, job: UUID | None, attempt: int, *, well: bool, cached: bool, dearer: int) -> None:
        """An attempt at the job ends: the current one, or one that was lost."""
        attempts = self.leases.get(job, []) if job else []
        if job is None or attempt >= len(attempts):
            return
        number, lease = attempts[attempt]
        current = job in self.active and attempt == len(attempts) - 1
        price = self.active.get(job, 1)
        result = JobResult(
            job,
            number,
            lease,
            JobStatus.DONE if well else JobStatus.FAILED,
            target_url="https://example.com/" if well else None,
            reason=None if well else "timeout",
            price=price + dearer if well and not cached else 0,
            cached=CachedLink(uuid4().bytes, "https://x/", "https://example.com/", "x", "standard") if well else None,
        )
        assert self.run(self.completer.complete(result)) is current
        if current:
            del self.active[job]
            if result.price:
                self.charged[job] = price

    @rule(job=jobs, attempt=st.integers(0, 3), dearer=st.integers(1, 3), times=st.integers(1, 2))
    def raise_hold(self, job: UUID | None, attempt: int, dearer: int, times: int) -> None:
        """An attempt, current or lost, finds a higher price. It may raise the hold twice."""
        attempts = self.leases.get(job, []) if job else []
        if job is None or attempt >= len(attempts):
            return
        number, lease = attempts[attempt]
        held = self.active.get(job, 1)
        result = JobResult(job, number, lease, JobStatus.DONE, price=held + dearer)
        available = self.granted - sum(self.charged.values()) - sum(self.active.values())
        for _ in range(times):
            self.run(self.completer.raise_hold(result, self.account, held=held))
        if job in self.active and attempt == len(attempts) - 1 and dearer <= available:
            self.active[job] += dearer

    @rule(amount=st.integers(1, 5))
    def grant(self, amount: int) -> None:
        self.run(self._in_transaction(credits.grant, amount))
        self.granted += amount

    @rule(amount=st.integers(-5, 5).filter(bool))
    def adjust(self, amount: int) -> None:
        available = self.granted - sum(self.charged.values()) - sum(self.active.values())
        try:
            self.run(self._in_transaction(credits.adjust, amount, note="test"))
        except OperatorError:
            assert -amount > available
        else:
            self.granted += amount
            assert -amount <= available

    async def _in_transaction(self, change: Any, amount: int, **options: str) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await change(connection, self.account, amount, **options)

    @invariant()
    def books_are_right(self) -> None:
        row = self.run(
            self.pool.fetchrow(
                "SELECT balance, held, (SELECT sum(amount) FROM ledger WHERE account_id = $1) AS total,"
                " (SELECT coalesce(sum(cost), 0) FROM jobs WHERE account_id = $1 AND status IN ('queued', 'running'))"
                " AS under_way,"
                " (SELECT coalesce(sum(credits_charged), 0) FROM jobs WHERE account_id = $1) AS charged"
                " FROM accounts WHERE id = $1",
                self.account,
            )
        )
        balance = self.granted - sum(self.charged.values())
        assert dict(row) == {
            "balance": balance,
            "held": sum(self.active.values()),
            "total": balance,
            "under_way": sum(self.active.values()),
            "charged": sum(self.charged.values()),
        }
        assert 0 <= row["held"] <= row["balance"]


def submitter(pool: Pool) -> JobSubmitter:
    """Return a submitter with the lab's catalogue."""
    admission = AdmissionControl(pool, changed=asyncio.Event())
    return JobSubmitter(pool, Catalog.load(extra_dirs=[Lab.providers_dir]), admission)


@pytest.fixture
def loop() -> Any:
    """Provide the loop that runs the machine's steps one at a time."""
    with asyncio.Runner() as runner:
        yield runner.get_loop()


def test_books_are_right_whatever_happens(database_url: str, loop: asyncio.AbstractEventLoop) -> None:
    """The ledger sums to the balance, the holds are those of the jobs under way, and no job is charged twice."""
    machine = type("MachineHere", (Machine,), {"database_url": database_url, "loop": loop})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
