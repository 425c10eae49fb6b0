"""Admission control: decisions from memory, and the probe that all processes share."""

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
        """Return the time in seconds."""
        return self.now


def new_admission(pool: Pool, clock: Clock) -> AdmissionControl:
    return AdmissionControl(pool, changed=asyncio.Event(), clock=clock)


async def admit(admission: AdmissionControl, account: int = ACCOUNT) -> Probe | None:
    assert PROVIDER is not None
    return await admission.admit(PROVIDER, BROKEN, account)


async def refused_for(admission: AdmissionControl) -> int:
    """Return the Retry-After of a refused link."""
    with pytest.raises(ProviderDown) as refusal:
        await admit(admission)
    assert refusal.value.retry_after is not None
    return refusal.value.retry_after


async def let_time_pass(pool: Pool, clock: Clock, seconds: float) -> None:
    """Advance the clocks of the database and the processes."""
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
    """After the cool-down, one of many links at two processes passes. Another passes when the probe expires."""
    clock = Clock()
    processes = [new_admission(pool, clock) for _ in range(2)]
    await break_it(pool, *[ACCOUNT] * 5)
    for admission in processes:
        await admission.refresh()
    for wait in (10, 30):
        await let_time_pass(pool, clock, wait)
        answers = await asyncio.gather(
            *(admit(admission) for admission in processes for _ in range(20)), return_exceptions=True
        )
        assert sum(isinstance(answer, Probe) for answer in answers) == 1
        refused = [answer for answer in answers if isinstance(answer, ProviderDown)]
        assert len(refused) == 39
        assert {answer.retry_after for answer in refused} <= {29, 30}


async def test_retry_after_is_true(pool: Pool) -> None:
    """A link is admitted after Retry-After and refused a second earlier. Each failed probe doubles Retry-After."""
    clock = Clock()
    admission = new_admission(pool, clock)
    await break_it(pool, *[ACCOUNT] * 5)
    for expected in (10, 20, 40):
        await admission.refresh()
        assert await refused_for(admission) == expected
        await let_time_pass(pool, clock, expected - 1)
        assert await refused_for(admission) == 1
        await let_time_pass(pool, clock, 1)
        assert await admit(admission) is not None
        await break_it(pool, ACCOUNT)


async def test_closed_elsewhere(pool: Pool) -> None:
    """A circuit that another process closed admits every link once the known wait is over."""
    clock = Clock()
    admission = new_admission(pool, clock)
    await break_it(pool, *[ACCOUNT] * 5)
    await admission.refresh()
    await pool.execute("DELETE FROM circuits")
    assert await refused_for(admission) == 10
    clock.now += 10
    assert [await admit(admission) for _ in range(3)] == [None] * 3


async def test_released_probe_is_free(pool: Pool) -> None:
    """A released probe is free at once. Releasing an expired probe does not release another's."""
    clock = Clock()
    admission = new_admission(pool, clock)
    await break_it(pool, *[ACCOUNT] * 5)
    await admission.refresh()
    await let_time_pass(pool, clock, 10)
    first = await admit(admission)
    assert first is not None
    await admission.release_probe(first)
    second = await admit(admission)
    assert second is not None
    await admission.release_probe(first)
    assert await refused_for(admission) >= 29


async def test_it_refreshes_when_it_is_woken(pool: Pool) -> None:
    """Setting `changed` triggers a refresh. The last known state stays while the database is unavailable."""
    changed = asyncio.Event()
    admission = AdmissionControl(pool, changed=changed)
    task = admission.periodic().start()
    await break_it(pool, *[ACCOUNT] * 5)
    changed.set()
    async with asyncio.timeout(20):
        while not await is_blocked(admission):
            await asyncio.sleep(0.01)
    pool.terminate()
    changed.set()
    async with asyncio.timeout(20):
        while changed.is_set():
            await asyncio.sleep(0.01)
    assert await is_blocked(admission)
    assert not task.done()
    task.cancel()


async def is_blocked(admission: AdmissionControl) -> bool:
    try:
        await admit(admission)
    except ProviderDown:
        return True
    return False
