"""Measure deliveries against a bare loop of signed posts, and live deliveries while receivers are dead."""

import asyncio
import hmac
import json
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from bench import receiver
from bench.bare_connection import connect
from bench.harness import RunningCommand, rate, show_limit, show_ratio, started
from linkskipper.database import Connection, open_connection
from linkskipper.database.ids import new_id
from linkskipper.webhooks import JobEvent, NewDelivery, job_event, queue_events
from linkskipper.webhooks.wakeups import wake_hosts

ROUNDS = 5
DELIVERIES = 3000
CONCURRENCY = 20  # attempts to one host at once, by default
LIVE = 400
LIVE_A_SECOND = 40
DEAD_HOSTS = 200
DEAD_RETRIES = 10_000
URL = "https://hook.example/linkskipper"
POLL_SECONDS = 0.01
REQUEST = (
    "POST /linkskipper HTTP/1.1\r\nHost: hook.example\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
    "X-LinkSkipper-Signature: {signature}\r\n\r\n"
)


async def run() -> None:
    """Measure throughput in alternating rounds, then the latency of live deliveries with and without dead receivers."""
    with TemporaryDirectory() as folder:
        other = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.receiver", folder), stdout=asyncio.subprocess.PIPE
        )
        assert other.stdout is not None
        port = int(await other.stdout.readline())
        async with _service(Path(folder), [f"hook.example:443=127.0.0.1:{port}"]) as (_, database):
            pairs = [(await _ours(database), await _bare(Path(folder), port)) for _ in range(ROUNDS + 1)][1:]
        other.terminate()
        await other.wait()
    show_ratio(
        "webhooks against a bare httptools loop that signs and posts",
        [ours / bare for ours, bare in pairs],
        aim=0.4,
        detail=f"{median(ours for ours, _ in pairs):.0f} against {median(bare for _, bare in pairs):.0f} a second",
    )
    with TemporaryDirectory() as folder:
        await _with_dead_receivers(Path(folder))


@asynccontextmanager
async def _service(folder: Path, host_map: Sequence[str]) -> AsyncIterator[tuple[RunningCommand, Connection]]:
    data_dir = folder / "data"
    environment = {"LINKSKIPPER_WEBHOOK_HOST_MAP": ",".join(host_map), "LINKSKIPPER_EXTRA_CA": str(folder / "ca.pem")}
    arguments = ("serve", "--port", "0", "--data-dir", str(data_dir))
    async with started(*arguments, ready="poll_url", **environment) as service:
        database = await open_connection(f"postgresql://postgres@/postgres?host={data_dir}/postgres")
        yield service, database
        await database.close()


def _event() -> JobEvent:
    return job_event(
        at=datetime.now(UTC),
        job_id=uuid4(),
        status="done",
        target_url="https://example.com/landing",
        provider="lab-bulk",
        tier="standard",
        error=None,
        credits_charged=1,
        balance=99,
    )


async def _ours(database: Connection) -> float:
    async with database.transaction():
        await queue_events(database, [NewDelivery(1, URL, _event()) for _ in range(DELIVERIES)])
    begin = time.perf_counter()
    while await database.fetchval("SELECT EXISTS (SELECT FROM webhook_deliveries WHERE status = 'pending')"):
        await asyncio.sleep(POLL_SECONDS)
    return DELIVERIES / (time.perf_counter() - begin)


async def _bare(folder: Path, port: int) -> float:
    body = json.dumps({"event": "resolve.done", "target_url": "https://example.com/landing" + "x" * 200}).encode()
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    idle = await connect("127.0.0.1", port, CONCURRENCY, tls=context, name="hook.example")

    async def post(_: int) -> None:
        stamp = str(int(time.time()))
        signature = hmac.new(b"whsec_secret", f"{stamp}.".encode() + body, sha256).hexdigest()
        head = REQUEST.format(length=len(body), signature=f"t={stamp},v1={signature}")
        connection = idle.pop()
        await connection.exchange(head.encode() + body)
        idle.append(connection)

    result = await rate(post, DELIVERIES, at_once=CONCURRENCY)
    for connection in idle:
        connection.close()
    return result


async def _with_dead_receivers(folder: Path) -> None:
    arrivals: dict[str, float] = {}
    port = await receiver.listen(
        folder, lambda body: arrivals.update({json.loads(body)["job_id"]: time.perf_counter()})
    )
    refusing, hanging = socket.socket(), socket.create_server(("127.0.0.1", 0), backlog=DEAD_RETRIES)
    refusing.bind(("127.0.0.1", 0))
    dead = [f"dead-{number}.hook.example" for number in range(DEAD_HOSTS)]
    ports = [(refusing, hanging)[number % 2].getsockname()[1] for number in range(DEAD_HOSTS)]
    host_map = [f"{host}:443=127.0.0.1:{port}" for host, port in zip(dead, ports, strict=True)]
    async with _service(folder, [f"hook.example:443=127.0.0.1:{port}", *host_map]) as (_, database):
        await _live(database, arrivals, LIVE // 4)
        alone = await _live(database, arrivals, LIVE)
        await _queue_retries(database, dead)
        with_dead = await _live(database, arrivals, LIVE)
        left = await database.fetchval(
            "SELECT count(*) FROM webhook_deliveries WHERE attempts = 1 AND status = 'pending'"
        )
        print(f"retries that were still due at the end: {left:,} of {DEAD_RETRIES:,}")
    refusing.close()
    hanging.close()
    p50, p99 = len(alone) // 2, len(alone) * 99 // 100
    print(f"live: p50 {alone[p50] * 1000:.1f} ms alone, {with_dead[p50] * 1000:.1f} ms with dead receivers")
    print(f"live: p99 {alone[p99] * 1000:.1f} ms alone, {with_dead[p99] * 1000:.1f} ms with dead receivers")
    show_limit(
        f"p99 of live deliveries with {DEAD_RETRIES:,} due retries to dead hosts",
        with_dead[p99] / alone[p99],
        limit=1.5,
        unit="times an idle system's",
    )


async def _live(database: Connection, arrivals: dict[str, float], count: int) -> list[float]:
    """Return the seconds from the end of each job to the arrival of its event, sorted."""
    sent: dict[UUID, float] = {}
    begin = time.perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0, begin + number / LIVE_A_SECOND - time.perf_counter()))
        event = _event()
        sent[event.job_id] = time.perf_counter()
        async with database.transaction():
            await queue_events(database, [NewDelivery(1, URL, event)])
    while not all(str(job_id) in arrivals for job_id in sent):
        await asyncio.sleep(POLL_SECONDS)
    return sorted(arrivals[str(job_id)] - at for job_id, at in sent.items())


async def _queue_retries(database: Connection, dead: Sequence[str]) -> None:
    """Queue due retries to failing hosts."""
    await database.executemany(
        "INSERT INTO webhook_hosts (host, failures, failing_since) VALUES ($1, 9, now() - interval '1 hour')",
        [(host,) for host in dead],
    )
    await database.executemany(
        "INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body, attempts, schedule_step)"
        " VALUES ($1, 1, $2, 'https://' || $3 || '/x', $3, 'resolve.done', '{}', 1, 1)",
        [(new_id(), uuid4(), dead[number % len(dead)]) for number in range(DEAD_RETRIES)],
    )
    async with database.transaction():
        await wake_hosts(database, sorted(dead))
