"""Submissions, ends, crashes, retries and grants come in any order, and the books are right after every step."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from linkskipper import credits
from linkskipper.database import open_pool
from linkskipper.errors import OperatorError, OutOfCredits
from linkskipper.jobs import NewJob, Queued, Resolved
from support.jobs import FAILED, JobDesk, Started, cached_link

PRICES = {"bulk.lab.test/x{}": 1, "premium.lab.test/0/x{}": 2}
HOT = 3  # links that are submitted again and again


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
        self.attempts: dict[UUID, list[Started]] = {}
        self.leaders: dict[str, UUID] = {}
        self.urls: dict[UUID, str] = {}

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _begin(self) -> None:
        self.desk = JobDesk(await open_pool(self.database_url, size=3))
        self.account = await self.desk.account(credits=4)
        self.mark = uuid4().hex

    def teardown(self) -> None:
        self.desk.pool.terminate()

    @property
    def available(self) -> int:
        return self.granted - sum(self.charged.values()) - sum(self.active.values())

    @rule(
        target=jobs,
        path=st.sampled_from(sorted(PRICES)),
        link=st.integers(0, HOT) | st.none(),
        idempotency_key=st.sampled_from([None, "a", "b"]),
    )
    def submit(self, path: str, link: int | None, idempotency_key: str | None) -> UUID | None:
        url = "https://" + path.format(uuid4().hex if link is None else f"{self.mark}{link}")
        new = NewJob(self.account.id, self.account.key_id, None, url, idempotency_key)
        available = self.available
        try:
            answer = self.run(self.desk.submitter.submit(new))
        except OutOfCredits:
            assert available < PRICES[path]
            return None
        assert not isinstance(answer, Resolved)
        if not isinstance(answer, Queued):
            return None
        self.active[answer.job_id] = PRICES[path]
        self.urls[answer.job_id] = url
        self.leaders.setdefault(url, answer.job_id)
        return answer.job_id

    @rule(job=jobs)
    def start(self, job: UUID | None) -> None:
        """A worker starts the job, perhaps after another worker was lost."""
        if job is None:
            return
        started = self.run(self.desk.start(job))
        leads = job in self.active and self.leaders[self.urls[job]] == job
        assert (started is not None) == leads
        if started is not None:
            self.attempts.setdefault(job, []).append(started)

    @rule(job=jobs, attempt=st.integers(0, 3), well=st.booleans(), cached=st.booleans(), dearer=st.integers(0, 3))
    def complete(self, job: UUID | None, attempt: int, *, well: bool, cached: bool, dearer: int) -> None:
        """An attempt at the job ends: the current one, or one that was lost."""
        attempts = self.attempts.get(job, []) if job else []
        if job is None or attempt >= len(attempts):
            return
        current = job in self.active and attempt == len(attempts) - 1
        price = self.active.get(job, 1)
        end: dict[str, Any] = {"price": 0 if cached else price + dearer} if well else FAILED
        result = attempts[attempt].result(**end, cached=cached_link() if well else None)
        assert self.run(self.desk.completer.complete(result)) is current
        if current:
            if result.price:
                self.charged[job] = price
            self._end(job)

    def _end(self, leader: UUID) -> None:
        url = self.urls[leader]
        del self.leaders[url]
        self.active = {job: price for job, price in self.active.items() if self.urls[job] != url}

    @rule(job=jobs, attempt=st.integers(0, 3), dearer=st.integers(1, 3), times=st.integers(1, 2))
    def raise_hold(self, job: UUID | None, attempt: int, dearer: int, times: int) -> None:
        """An attempt, current or lost, finds a higher price. It may raise the hold twice."""
        attempts = self.attempts.get(job, []) if job else []
        if job is None or attempt >= len(attempts):
            return
        held, available = self.active.get(job, 1), self.available
        result = attempts[attempt].result(price=held + dearer)
        for _ in range(times):
            self.run(self.desk.completer.raise_hold(result, self.account.id, held=held))
        if job in self.active and attempt == len(attempts) - 1 and dearer <= available:
            self.active[job] += dearer

    @rule(amount=st.integers(1, 5))
    def grant(self, amount: int) -> None:
        self.run(self._in_transaction(credits.grant, amount))
        self.granted += amount

    @rule(amount=st.integers(-5, 5).filter(bool))
    def adjust(self, amount: int) -> None:
        available = self.available
        try:
            self.run(self._in_transaction(credits.adjust, amount, note="test"))
        except OperatorError:
            assert -amount > available
        else:
            self.granted += amount
            assert -amount <= available

    async def _in_transaction(self, change: Any, amount: int, **options: str) -> None:
        async with self.desk.pool.acquire() as connection, connection.transaction():
            await change(connection, self.account.id, amount, **options)

    @invariant()
    def books_are_right(self) -> None:
        row = self.run(
            self.desk.pool.fetchrow(
                "SELECT balance, held, (SELECT sum(amount) FROM ledger WHERE account_id = $1) AS total,"
                " (SELECT coalesce(sum(price), 0) FROM jobs WHERE account_id = $1 AND status IN ('queued', 'running'))"
                " AS under_way,"
                " (SELECT coalesce(sum(credits_charged), 0) FROM jobs WHERE account_id = $1) AS charged"
                " FROM accounts WHERE id = $1",
                self.account.id,
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

    @invariant()
    def links_in_flight_are_those_under_way(self) -> None:
        rows = self.run(
            self.desk.pool.fetch(
                "SELECT inflight_links.job_id FROM inflight_links JOIN jobs ON jobs.id = job_id WHERE account_id = $1",
                self.account.id,
            )
        )
        assert {row["job_id"] for row in rows} == set(self.leaders.values())


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
