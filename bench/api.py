"""Cached answers and job reads against a bare Litestar handler that decodes and encodes the same bodies."""

import asyncio
import json
import sys
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

import aiohttp

from bench.harness import lab, show_limit, show_ratio, started
from bench.load import paced, peak, request
from linkskipper.storage import Connection, open_connection

ROUNDS = 5
REQUESTS = 8000
AT_ONCE = 32
PACED_SECONDS = 10
SHARE_OF_PEAK = 0.8
CACHED_LINKS = 10_000_000
JOBS = 5_000_000


async def run() -> None:
    """Measure in rounds, ours and the bare one in turn."""
    await _measure(large=False)


async def run_large() -> None:
    """The same on empty tables and on millions of rows."""
    await _measure(large=True)


async def _measure(*, large: bool) -> None:
    async with lab() as environment:
        with TemporaryDirectory() as data_dir:
            bare = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bench.bare", stdout=asyncio.subprocess.PIPE
            )
            assert bare.stdout is not None
            bare_address = (await bare.stdout.readline()).decode().strip()
            serving = started("serve", "--port", "0", "--data-dir", data_dir, ready="poll_url", **environment)
            async with serving as service:
                address, key = service.found(r"is at (http://\S+)"), service.found(r"(sk_live_\w+)")
                database = await open_connection(f"postgresql://postgres@/postgres?host={data_dir}/postgres")
                resolve, job = await _prepare(database, address, key)
                if large:
                    await _grow(database, address, resolve, job)
                else:
                    await _compare(address, bare_address, resolve, job)
                await database.close()
            bare.terminate()
            await bare.wait()


async def _prepare(database: Connection, address: str, key: str) -> tuple[bytes, bytes]:
    """A request that the cache answers, and one for a job that is done."""
    await database.execute("UPDATE api_keys SET rate_limit = 1000000000")
    await asyncio.sleep(1)  # until the service has seen it
    body = {"url": f"http://bulk.lab.test/{uuid4().hex}"}
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession(address, headers=headers) as session,
        session.post("/v1/resolve", params={"wait": "10"}, json=body) as response,
    ):
        job_id = (await response.json())["job_id"]
    return (
        request("POST", "/v1/resolve", key=key, body=json.dumps(body).encode()),
        request("GET", f"/v1/jobs/{job_id}", key=key),
    )


async def _compare(address: str, bare_address: str, resolve: bytes, job: bytes) -> None:
    figures: dict[str, list[tuple[float, float]]] = {"resolve": [], "job": []}
    for _ in range(ROUNDS + 1):
        for name, data, path in (("resolve", resolve, "/v1/resolve"), ("job", job, "/v1/job")):
            bare_data = data if name == "resolve" else request("GET", path, key="x")
            ours = await peak(address, data, count=REQUESTS, at_once=AT_ONCE)
            bare = await peak(bare_address, bare_data, count=REQUESTS, at_once=AT_ONCE)
            figures[name].append((ours, bare))
    for name, aim, what in (("resolve", 0.6, "cached POST /v1/resolve"), ("job", 0.5, "GET /v1/jobs/{id}")):
        pairs = figures[name][1:]
        show_ratio(
            f"{what} against a bare handler",
            [ours / bare for ours, bare in pairs],
            aim=aim,
            detail=f"{median(each for each, _ in pairs):.0f} against {median(each for _, each in pairs):.0f} a second",
        )
    rate = SHARE_OF_PEAK * median(ours for ours, _ in figures["resolve"])
    took = await paced(address, resolve, rate=rate, seconds=PACED_SECONDS, at_once=200)
    p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
    show_limit(f"p99 over p50 of cached answers at {rate:.0f} requests/s", p99 / p50, limit=5, unit="times")


async def _grow(database: Connection, address: str, resolve: bytes, job: bytes) -> None:
    before = {data: await _rate(address, data) for data in (resolve, job)}
    await database.execute(
        "INSERT INTO links (link, url, target_url, provider, tier, expires_at)"
        " SELECT sha256(number::text::bytea), 'https://bulk.lab.test/' || number, 'https://example.com/' || number,"
        " 'lab-bulk', 'standard', now() + interval '30 days' FROM generate_series(1, $1) AS number",
        CACHED_LINKS,
    )
    await database.execute(
        "INSERT INTO jobs (id, account_id, key_id, url, link, provider, tier, cost, queue_position, status, target_url)"
        " SELECT uuidv7(-number * interval '1 second'), 1, 1, 'https://bulk.lab.test/' || number,"
        " sha256(number::text::bytea), 'lab-bulk', 'standard', 1, 1, 'done', 'https://example.com/' || number"
        " FROM generate_series(1, $1) AS number",
        JOBS,
    )
    await database.execute("VACUUM ANALYZE")
    for name, data in (("cached POST /v1/resolve", resolve), ("GET /v1/jobs/{id}", job)):
        slower = before[data] / await _rate(address, data)
        show_limit(
            f"{name}, empty tables against {CACHED_LINKS:,} links and {JOBS:,} jobs", slower, limit=1.2, unit="times"
        )


async def _rate(address: str, data: bytes) -> float:
    return median([await peak(address, data, count=REQUESTS, at_once=AT_ONCE) for _ in range(ROUNDS)])
