"""Killed workers, an unavailable database, misbehaving receivers: no event is lost, and no event is invented."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from linkskipper.database.embedded.server import EmbeddedServer
from linkskipper.errors import DatabaseUnavailable
from linkskipper.service.migrate import migrate
from linkskipper.webhooks import DeliveryStatus, rescue_stuck_hosts
from support.deliveries import attempted, ended, let_pass
from support.receiver import OK, Received, Receiver, answer, run_receiver
from support.service import Service, fresh_link, run_service
from support.workers import worker


async def check_events(service: Service, receiver: Receiver) -> None:
    """Check that every received event says what became of its job."""
    for request in receiver.requests:
        event = request.event
        row = await service.pool.fetchrow("SELECT status, target_url FROM jobs WHERE id = $1", event["job_id"])
        assert row is not None
        assert (row["status"], row["target_url"]) == (event["status"], event["target_url"])


async def test_a_worker_killed_before_during_and_after_an_attempt(database_url: str, tmp_path: Path) -> None:
    """Each next worker sends the event again with the same id, until one attempt is recorded."""
    reached, kill_me = asyncio.Event(), [True, True]

    async def script(request: Received, writer: asyncio.StreamWriter) -> None:
        if kill_me:
            kill_me.pop()
            reached.set()
            await asyncio.sleep(5)  # the worker is killed during this attempt
        await OK(request, writer)

    async with (
        run_receiver(tmp_path) as receiver,
        run_service(database_url, tmp_path, receiver=receiver, webhooks=False) as service,
    ):
        caller = await service.caller()
        url = receiver.url(receiver.host(script))
        job_id = (await caller.resolve(fresh_link(), wait=10, webhook_url=url)).body["job_id"]
        for _ in range(2):
            async with worker(service) as victim:
                await reached.wait()
                reached.clear()
                victim.kill()
                await victim.wait()
            assert await service.pool.fetchval("SELECT attempts FROM webhook_deliveries") == 0
        async with worker(service):
            await receiver.received(url, 3)
            _, attempts = await ended(service.pool, job_id)
        assert len(attempts) == 1
        assert len({request.headers["webhook-id"] for request in receiver.at(url)}) == 1
        await check_events(service, receiver)


async def test_workers_killed_again_and_again(database_url: str, tmp_path: Path) -> None:
    """Whenever workers are killed, every event arrives. An event that arrives twice has the same id."""
    async with (
        run_receiver(tmp_path) as receiver,
        run_service(database_url, tmp_path, receiver=receiver, webhooks=False) as service,
    ):
        caller = await service.caller(credits=1000)
        urls = [receiver.url(receiver.host()) for _ in range(5)] + [receiver.url() for _ in range(35)]
        for url in urls:
            await caller.resolve(fresh_link(), webhook_url=url)
        for wait in (0.0, 0.05, 0.2):
            async with worker(service, LINKSKIPPER_WEBHOOK_PER_HOST="2") as victim:
                await asyncio.sleep(wait)
                victim.kill()
                await victim.wait()
        async with worker(service, LINKSKIPPER_WEBHOOK_PER_HOST="2"), asyncio.timeout(60):
            for url in urls:
                await receiver.received(url)
        for url in urls:
            assert len({request.headers["webhook-id"] for request in receiver.at(url)}) == 1
        assert await service.pool.fetchval("SELECT count(*) FROM webhook_deliveries") == len(urls)
        await check_events(service, receiver)


async def test_a_worker_that_stops_ends_its_attempts(database_url: str, tmp_path: Path) -> None:
    """On SIGTERM a worker ends and records its attempt and exits within seconds. Another worker sends the rest."""

    async def script(request: Received, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        await OK(request, writer)

    async with (
        run_receiver(tmp_path) as receiver,
        run_service(database_url, tmp_path, receiver=receiver, webhooks=False) as service,
    ):
        caller = await service.caller()
        host = receiver.host(script)
        urls = [receiver.url(host) for _ in range(3)]
        for url in urls:
            await caller.resolve(fresh_link(), wait=10, webhook_url=url)
        async with worker(service, LINKSKIPPER_WEBHOOK_PER_HOST="1") as stopped:
            await receiver.received(urls[0])
            stopped.terminate()
            async with asyncio.timeout(25):
                assert await stopped.wait() == 0
        assert await service.pool.fetchval("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'") == 1
        async with worker(service):
            for url in urls:
                await receiver.received(url)
        assert [len(receiver.at(url)) for url in urls] == [1, 1, 1]


async def test_the_database_is_killed_during_an_attempt(tmp_path: Path) -> None:
    """PostgreSQL is killed while a receiver works: the attempt is recorded after the restart, and made only once."""
    begun, proceed = asyncio.Event(), asyncio.Event()

    async def script(request: Received, writer: asyncio.StreamWriter) -> None:
        begun.set()
        await proceed.wait()
        await OK(request, writer)

    with (
        TemporaryDirectory(prefix="linkskipper-tests-") as data_dir,  # not among pytest's: see conftest.server_url
        EmbeddedServer(Path(data_dir)).running() as url,
    ):
        await migrate(url)
        async with (
            run_receiver(tmp_path) as receiver,
            run_service(url, tmp_path, receiver=receiver, lease_seconds=10) as service,
        ):
            caller = await service.caller()
            hook = receiver.url(receiver.host(script))
            job_id = (await caller.resolve(fresh_link(), webhook_url=hook)).body["job_id"]
            await begun.wait()
            os.kill(int((Path(data_dir) / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            proceed.set()
            async with asyncio.timeout(60):
                while not await delivered(service, job_id):
                    await asyncio.sleep(0.1)
            _, attempts = await ended(service.pool, job_id)
            assert (len(attempts), len(receiver.at(hook))) == (1, 1)


async def delivered(service: Service, job_id: str) -> bool:
    try:
        status = await service.pool.fetchval("SELECT status FROM webhook_deliveries WHERE job_id = $1", job_id)
    except DatabaseUnavailable:
        return False
    return bool(status == DeliveryStatus.DELIVERED)


async def test_a_lost_queue_entry(hooks: Service, receiver: Receiver) -> None:
    """A host whose wakeup is lost is rescued, even if its lease belongs to an entry that does not exist."""
    caller = await hooks.caller()
    host = receiver.host(answer(503, "Retry-After: 3600"))
    job_id = (await caller.resolve(fresh_link(), webhook_url=receiver.url(host))).body["job_id"]
    await attempted(hooks.pool, job_id)
    async with asyncio.timeout(20):
        while await hooks.pool.fetchval("SELECT wakeup_entry_id FROM webhook_hosts WHERE host = $1", host) is None:
            await asyncio.sleep(0.02)
    await hooks.pool.execute(
        "DELETE FROM pgqueuer WHERE id = (SELECT wakeup_entry_id FROM webhook_hosts WHERE host = $1)", host
    )
    await hooks.pool.execute("UPDATE webhook_hosts SET lease_entry_id = 999999999 WHERE host = $1", host)
    await let_pass(hooks.pool, timedelta(hours=2))
    receiver.scripts[host] = OK
    assert await rescue_stuck_hosts(hooks.pool, timedelta(minutes=1)) == 1
    await ended(hooks.pool, job_id)


async def hang(_: Received, __: asyncio.StreamWriter) -> None:
    await asyncio.sleep(4)


async def drip(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    for _number in range(40):
        writer.write(b".")
        await asyncio.sleep(0.1)


async def reset(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await writer.drain()
    writer.transport.abort()


async def flood(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n")
    writer.write(b"x" * 5_000_000)
    await writer.drain()


async def garbage(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (hang, "no answer in time"),
        (drip, None),
        (reset, "cannot be reached"),
        (flood, None),
        (garbage, "cannot be reached"),
        (answer(302, "Location: https://10.0.0.1/"), "answered 302: redirects are not followed"),
        (answer(429, "Retry-After: 30"), "answered 429"),
    ],
    ids=["hangs", "drips", "resets", "5 MB", "no HTTP", "redirects to a private address", "429"],
)
async def test_receivers_that_misbehave(hooks: Service, receiver: Receiver, script: object, error: str | None) -> None:
    """Each attempt is recorded with its error within the time limit, and delays no other receiver."""
    caller = await hooks.caller()
    url, live = receiver.url(receiver.host(script)), receiver.url()  # type: ignore[arg-type]
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    await caller.resolve(fresh_link(), webhook_url=live)
    await receiver.received(live)
    delivery, (attempt, *_) = await attempted(hooks.pool, job_id)
    assert attempt.error == error
    assert attempt.milliseconds < 12_000
    assert (delivery.status is DeliveryStatus.DELIVERED) == (error is None)


async def test_a_certificate_that_cannot_be_trusted(database_url: str, tmp_path: Path) -> None:
    """A certificate of another name is a failure of its own. The event is not sent."""
    async with (
        run_receiver(tmp_path, "other.example") as receiver,
        run_service(database_url, tmp_path, receiver=receiver) as service,
    ):
        caller = await service.caller()
        job_id = (await caller.resolve(fresh_link(), webhook_url=receiver.url())).body["job_id"]
        _, (attempt, *_) = await attempted(service.pool, job_id)
        assert attempt.error == "its TLS certificate cannot be trusted"
        assert receiver.requests == []


async def test_a_host_that_fails_for_days_is_paused(hooks: Service, receiver: Receiver) -> None:
    """After five days without a success a host is paused, and shown so. A successful redelivery resumes it."""
    caller = await hooks.caller()
    host = receiver.host(answer(500))
    jobs = []

    async def one_more() -> str:
        url = receiver.url(host)
        return str((await caller.resolve(fresh_link(), wait=10, webhook_url=url)).body["job_id"])

    jobs.append(await one_more())
    await attempted(hooks.pool, jobs[0], 3)
    await let_pass(hooks.pool, timedelta(days=6))
    first, _ = await ended(hooks.pool, jobs[0], DeliveryStatus.FAILED)
    jobs += [await one_more(), await one_more()]
    await asyncio.sleep(1.5)
    assert len([request for request in receiver.requests if request.host == host]) == 4
    listed = (await caller.get("/v1/webhooks/deliveries")).body["deliveries"]
    assert [(each["status"], each["paused"]) for each in listed] == [
        ("pending", True),
        ("pending", True),
        ("failed", False),
    ]
    receiver.scripts[host] = OK
    assert (await caller.call("POST", f"/v1/webhooks/deliveries/{first.id}/redeliver")).status == 202
    for job_id in jobs:
        await ended(hooks.pool, job_id)
