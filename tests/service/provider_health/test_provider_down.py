"""Failing and switched-off providers, as clients see them. All processes share the state."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from linkskipper.provider_health import OutcomeRecorder, switch_off, switch_on
from linkskipper.service.catalogs import load_catalog
from support.factories import grant
from support.outcomes import ended, fail
from support.service import Answer, Caller, Service, fresh_link, run_service

BROKEN = "broken.lab.test"
PAIR = """
id = "pair"
label = "Two hosts"
hosts = ["broken.lab.test", "bulk.lab.test"]
tier = "standard"
latency = "1-2s"
"""

JobAttempt = Callable[..., Awaitable[list[Service]]]


@pytest.fixture
async def started(database_url: str, tmp_path: Path) -> AsyncIterator[JobAttempt]:
    """Start services on one database, with a provider that has a broken host and a good host."""
    providers_dir = tmp_path / "providers"
    providers_dir.mkdir()
    (providers_dir / "pair.toml").write_text(PAIR)
    async with AsyncExitStack() as stack:

        async def start(count: int = 2, **options: object) -> list[Service]:
            services = []
            for number in range(count):
                state_dir = tmp_path / str(number)
                state_dir.mkdir()
                options = {"secret_key": "s" * 32, "providers_dir": providers_dir, **options}
                service = run_service(database_url, state_dir, **options)  # type: ignore[arg-type]
                services.append(await stack.enter_async_context(service))
            return services

        yield start


def at(service: Service, caller: Caller) -> Caller:
    """Return the same client at another service."""
    return Caller(service.session, caller.account_id, caller.key_id, caller.key)


def broken_link() -> str:
    return f"https://{BROKEN}/500?{uuid4().hex}"


def recovering_link() -> str:
    """Make a link that fails once and succeeds on the retry."""
    return f"https://{BROKEN}/503-once/{uuid4().hex}"


async def shown(caller: Caller) -> dict[str, str]:
    """Return the provider as GET /v1/providers shows it."""
    answer = await caller.get("/v1/providers")
    pair: dict[str, str] = next(item for item in answer.body["providers"] if item["provider"] == "pair")
    return pair


async def status(caller: Caller) -> str:
    return (await shown(caller))["status"]


async def until_status(caller: Caller, expected: str) -> None:
    async with asyncio.timeout(20):
        while await status(caller) != expected:
            await asyncio.sleep(0.02)


async def until_recorded(service: Service) -> None:
    """Wait until an earlier success is in the database, because it would cancel the failures that follow.

    Links of the provider's other host are recorded after it. When the second of them is, the record before is complete.
    """
    marker = await service.caller()
    recent = "SELECT coalesce(sum(cardinality(recent)), 0) FROM provider_state WHERE provider = 'pair'"
    async with asyncio.timeout(60):
        for expected in (2, 3):
            await marker.resolve(fresh_link(), wait=10)
            while await service.pool.fetchval(recent) < expected:
                await asyncio.sleep(0.02)


async def break_it(service: Service, *callers: Caller) -> None:
    """Let the broken host fail five times for one client, or for several in turn."""
    accounts = [callers[number % len(callers)].account_id for number in range(5)]
    recorder = OutcomeRecorder(service.pool, load_catalog(service.settings))
    fail(recorder, *accounts, provider="pair")
    await recorder.flush()


async def let_time_pass(service: Service, seconds: float) -> None:
    """Let time pass for all circuits."""
    await service.pool.execute(
        "UPDATE circuits SET open_until = open_until - make_interval(secs => $1),"
        " probe_until = probe_until - make_interval(secs => $1)",
        seconds,
    )


async def until_admitted(caller: Caller, link: str) -> Answer:
    """Repeat a link until this process has refreshed its circuits. Return the response."""
    async with asyncio.timeout(20):
        while (answer := await caller.resolve(link)).status == 503:
            await asyncio.sleep(0.02)
    return answer


def is_down(answer: Answer) -> bool:
    if answer.status != 503:
        return False
    assert answer.body["code"] == "provider_down"
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    return True


async def test_circuit_of_a_host_that_fails(started: JobAttempt) -> None:
    """After five failures every process refuses that host with 503. After Retry-After, a probe closes the circuit."""
    first, second = await started()
    one = await first.caller()
    two, other = at(second, one), await second.caller()
    jobs = [(await one.resolve(broken_link())).body["job_id"] for _ in range(5)]
    assert {(await one.finished(job_id))["reason"] for job_id in jobs} == {"upstream_error"}
    await until_status(one, "degraded")
    await until_status(two, "degraded")

    refused = [await caller.resolve(broken_link()) for caller in (one, two)]
    assert all(is_down(answer) for answer in refused)
    assert BROKEN in refused[0].body["detail"]
    assert (await two.resolve(fresh_link(), wait=10)).status == 200
    assert await status(other) == "up"
    assert (await other.resolve(recovering_link())).status == 202

    wait = max(int(answer.headers["retry-after"]) for answer in refused)
    assert 1 <= wait <= 10
    await let_time_pass(first, wait)
    probe = await until_admitted(one, recovering_link())
    assert (await one.finished(probe.body["job_id"]))["status"] == "done"
    await until_status(one, "up")
    await until_status(two, "up")
    assert (await two.resolve(recovering_link())).status == 202


async def test_a_refused_probe_is_released(started: JobAttempt) -> None:
    """A probe that is refused for lack of credits leaves the probe to the next link."""
    [service] = await started(1, tiers=())
    caller = await service.caller(credits=0)
    await break_it(service, caller)
    await until_status(caller, "degraded")
    assert is_down(await caller.resolve(broken_link()))
    await let_time_pass(service, 10)
    assert (await until_admitted(caller, broken_link())).status == 402
    await grant(service.pool, caller.account_id, 1)
    assert (await caller.resolve(broken_link())).status == 202
    assert is_down(await caller.resolve(broken_link()))


async def test_bad_links_of_one_client_block_no_other(started: JobAttempt) -> None:
    """Failures of one client block that client. Failures of three clients block every client."""
    [service] = await started(1, tiers=())
    one, two, three, other = [await service.caller() for _ in range(4)]
    await break_it(service, one)
    await until_status(one, "degraded")
    assert is_down(await one.resolve(broken_link()))
    assert (await other.resolve(broken_link())).status == 202
    await break_it(service, two, three)
    await until_status(other, "degraded")
    assert is_down(await other.resolve(broken_link()))


async def test_order_of_checks_around_the_circuit(started: JobAttempt) -> None:
    """Replays, the cache and removed links are checked before the circuit, the daily quota after it."""
    [service] = await started(1)
    caller = await service.caller(daily_quota=3)
    known = recovering_link()
    first = await caller.resolve(known, wait=10, idempotency_key="k")
    removed = f"https://{BROKEN}/removed/{uuid4().hex}"
    assert (await caller.finished((await caller.resolve(removed)).body["job_id"]))["reason"] == "link_removed"
    await until_recorded(service)
    await break_it(service, caller)
    await until_status(caller, "degraded")
    assert (await caller.resolve(known)).body["cached"] is True
    assert (await caller.resolve(removed)).status == 410
    assert (await caller.resolve(known, idempotency_key="k")).body["job_id"] == first.body["job_id"]
    assert is_down(await caller.resolve(broken_link()))
    assert (await caller.resolve(fresh_link())).body["code"] == "quota_exceeded"


async def test_switched_off_everywhere_within_a_second(started: JobAttempt) -> None:
    """A provider that is switched off is down in every process. Running jobs end. Switched on again, it is up."""
    first, second = await started()
    one = await first.caller()
    two = at(second, one)
    cached, under_way = fresh_link(), recovering_link()
    await one.resolve(cached, wait=10)
    job_id = (await one.resolve(under_way)).body["job_id"]
    await switch_off(first.pool, "pair", note="a test")
    async with asyncio.timeout(20):
        await until_status(one, "down")
        await until_status(two, "down")
    for caller in (one, two):
        refused = await caller.resolve(fresh_link())
        assert is_down(refused)
        assert "a test" not in refused.body["detail"]
        assert (await caller.resolve(cached)).body["cached"] is True
    assert (await one.finished(job_id))["status"] == "done"
    await switch_on(first.pool, "pair")
    await until_status(two, "up")
    assert (await until_admitted(two, fresh_link())).status == 202


async def test_switched_off_from_the_start(started: JobAttempt) -> None:
    """A process knows the switched-off providers at its first request."""
    [first] = await started(1)
    await switch_off(first.pool, "lab-slow")
    caller = await first.caller()
    async with run_service(
        first.settings.database_url or "", first.settings.data_dir, secret_key="s" * 32, tiers=()
    ) as second:
        assert is_down(await at(second, caller).resolve("https://slow.lab.test/0/x"))


async def test_down_when_every_host_is_blocked(started: JobAttempt) -> None:
    """A provider is down if the circuits of all its hosts are open."""
    [service] = await started(1, tiers=())
    caller = await service.caller()
    recorder = OutcomeRecorder(service.pool, load_catalog(service.settings))
    for host in (BROKEN, "bulk.lab.test"):
        fail(recorder, *[caller.account_id] * 5, host=host, provider="pair")
    await recorder.flush()
    await until_status(caller, "down")


async def test_degraded_when_half_of_its_links_fail(started: JobAttempt) -> None:
    """Many failures with successes between them make a provider degraded and open no circuit."""
    [service] = await started(1, tiers=())
    caller = await service.caller()
    recorder = OutcomeRecorder(service.pool, load_catalog(service.settings))
    for _ in range(10):
        fail(recorder, caller.account_id, provider="pair")
        recorder.record(caller.account_id, ended(f"https://{BROKEN}/x", provider="pair"), 0.5)
    await recorder.flush()
    assert await status(caller) == "degraded"
    assert (await caller.resolve(broken_link())).status == 202


async def test_latency_is_measured(started: JobAttempt) -> None:
    """After twenty resolved links, the catalogue shows their latency."""
    [service] = await started(1)
    caller = await service.caller()
    await asyncio.gather(*(caller.resolve(fresh_link(), wait=10) for _ in range(20)))
    async with asyncio.timeout(60):
        while (latency := (await shown(caller))["latency"]) == "1-2s":
            await asyncio.sleep(0.1)
    assert latency.endswith("s")
    assert float(latency.removesuffix("s").split("-")[-1]) < 1
