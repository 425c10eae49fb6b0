"""The gate of a process: what it decides from memory, and the probe that all processes share."""

import asyncio

import pytest

from linkskipper.database import Pool
from linkskipper.errors import ProviderDown
from linkskipper.provider_health import AdmissionControl, OutcomeRecorder, Probe
from support.outcomes import CATALOG, fail

BROKEN = "broken.lab.test"
PROVIDER = CATALOG.find("lab-broken")
ACCOUNT = 1


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


def new_gate(pool: Pool, clock: Clock) -> AdmissionControl:
    return AdmissionControl(pool, changed=asyncio.Event(), clock=clock)


async def admit(gate: AdmissionControl, account: int = ACCOUNT) -> Probe | None:
    assert PROVIDER is not None
    return await gate.admit(PROVIDER, BROKEN, account)


async def turned_down(gate: AdmissionControl) -> int:
    """The seconds that a link is told to wait."""
    with pytest.raises(ProviderDown) as told:
        await admit(gate)
    assert told.value.retry_after is not None
    return told.value.retry_after


async def let_time_pass(pool: Pool, clock: Clock, seconds: float) -> None:
    """The same time for the database as for the processes."""
    clock.now += seconds
    await pool.execute(
        "UPDATE circuits SET open_until = open_until - make_interval(secs => $1),"
        " probe_until = probe_until - make_interval(secs => $1)",
        seconds,
    )


async def break_it(pool: Pool, *accounts: int) -> None:
    recorder = OutcomeRecorder(pool, CATALOG)
    fail(recorder, *accounts)
    await recorder.flush()


async def test_one_probe_over_all_processes(pool: Pool) -> None:
    """After the cool-down, of many simultaneous links at two processes one passes; one more when that was lost."""
    clock = Clock()
    gates = [new_gate(pool, clock) for _ in range(2)]
    await break_it(pool, *[ACCOUNT] * 5)
    for gate in gates:
        await gate.refresh()
    for wait in (10, 30):
        await let_time_pass(pool, clock, wait)
        answers = await asyncio.gather(*(admit(gate) for gate in gates for _ in range(20)), return_exceptions=True)
        assert sum(isinstance(answer, Probe) for answer in answers) == 1
        refused = [answer for answer in answers if isinstance(answer, ProviderDown)]
        assert len(refused) == 39
        assert {answer.retry_after for answer in refused} <= {29, 30}


async def test_retry_after_is_true(pool: Pool) -> None:
    """Who waits as long as told is let through; who comes a second early is not. Each failed probe doubles the wait."""
    clock = Clock()
    gate = new_gate(pool, clock)
    await break_it(pool, *[ACCOUNT] * 5)
    for expected in (10, 20, 40):
        await gate.refresh()
        assert await turned_down(gate) == expected
        await let_time_pass(pool, clock, expected - 1)
        assert await turned_down(gate) == 1
        await let_time_pass(pool, clock, 1)
        assert await admit(gate) is not None
        await break_it(pool, ACCOUNT)


async def test_closed_elsewhere(pool: Pool) -> None:
    """A circuit that another process has closed meanwhile lets everybody through once its wait is over here."""
    clock = Clock()
    gate = new_gate(pool, clock)
    await break_it(pool, *[ACCOUNT] * 5)
    await gate.refresh()
    await pool.execute("DELETE FROM circuits")
    assert await turned_down(gate) == 10
    clock.now += 10
    assert [await admit(gate) for _ in range(3)] == [None] * 3


async def test_probe_given_back_is_the_next_ones(pool: Pool) -> None:
    """A probe that was not sent is free at once; giving back one that was lost long ago takes nobody else's away."""
    clock = Clock()
    gate = new_gate(pool, clock)
    await break_it(pool, *[ACCOUNT] * 5)
    await gate.refresh()
    await let_time_pass(pool, clock, 10)
    first = await admit(gate)
    assert first is not None
    await gate.give_back(first)
    second = await admit(gate)
    assert second is not None
    await gate.give_back(first)
    assert await turned_down(gate) >= 29


async def test_follows_by_itself(pool: Pool) -> None:
    """The gate looks again when it is told to, and holds on to what it knew while the database is away."""
    changed = asyncio.Event()
    gate = AdmissionControl(pool, changed=changed)
    task = asyncio.create_task(gate.run())
    await break_it(pool, *[ACCOUNT] * 5)
    changed.set()
    async with asyncio.timeout(5):
        while not await is_shut(gate):
            await asyncio.sleep(0.01)
    pool.terminate()
    changed.set()
    async with asyncio.timeout(5):
        while changed.is_set():
            await asyncio.sleep(0.01)
    assert await is_shut(gate)
    assert not task.done()
    task.cancel()


async def is_shut(gate: AdmissionControl) -> bool:
    try:
        await admit(gate)
    except ProviderDown:
        return True
    return False
