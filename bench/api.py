"""Cached answers and job reads against a raw ASGI handler that decodes and encodes the same bodies."""

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import aiohttp

from bench.harness import lab, show_limit, show_ratio, started
from bench.load import paced, peak, request
from linkskipper.database import Connection, open_connection

LINKS = 300
ROUNDS = 41
REQUESTS = 800  # short, so that both of a pair meet the same machine
AT_ONCE = 32
PACED_ROUNDS = 15
PACED_SECONDS = 2
PACED_AT_ONCE = 64
SHARE_OF_PEAK = 0.8
MAX_SPREAD = 4
CACHED_LINKS = 10_000_000
JOBS = 5_000_000
ASKED_FOR = 40_000  # of each, so that none is asked for often


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: where it is, and what it is asked."""

    address: str
    requests: Sequence[bytes]

    def peak(self) -> float:
        """Measure requests a second with every connection always busy. The requests are a random choice."""
        requests = random.choices(self.requests, k=REQUESTS)  # noqa: S311 - no secret
        return peak(self.address, requests, at_once=AT_ONCE)

    def spread(self) -> tuple[float, float]:
        """Measure the median latency in seconds at a share of the peak, and the ratio of its 99th percentile."""
        rate = SHARE_OF_PEAK * median(self.peak() for _ in range(9))
        took = paced(self.address, self.requests, rate=rate, seconds=PACED_SECONDS, at_once=PACED_AT_ONCE)
        p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
        return p50, p99 / p50


@dataclass(frozen=True)
class Service:
    """The service under test, and its database."""

    address: str
    key: str
    database: Connection

    def resolves(self, links: Sequence[str]) -> Side:
        """POST /v1/resolve of links, in turn."""
        bodies = [json.dumps({"url": link}).encode() for link in links]
        return Side(self.address, [request("POST", "/v1/resolve", key=self.key, body=body) for body in bodies])

    def reads(self, jobs: Sequence[str | UUID]) -> Side:
        """GET /v1/jobs/{id} of jobs, in turn."""
        return Side(self.address, [request("GET", f"/v1/jobs/{job}", key=self.key) for job in jobs])


async def run() -> None:
    """Measure the service and the raw handler in alternating rounds."""
    raw = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.bare", stdout=asyncio.subprocess.PIPE)
    assert raw.stdout is not None
    address = (await raw.stdout.readline()).decode().strip()
    async with _service() as service:
        links, jobs = await _resolved(service)
        resolves, reads = service.resolves(links), service.reads(jobs)
        raw_resolves, raw_reads = Side(address, resolves.requests), Side(address, reads.requests)
        _compare("cached POST /v1/resolve against a raw ASGI handler", resolves, raw_resolves, aim=0.5)
        _compare("GET /v1/jobs/{id} against a raw ASGI handler", reads, raw_reads, aim=0.5)
        _compare_spread(resolves, raw_resolves)
    raw.terminate()
    await raw.wait()


async def run_large() -> None:
    """Two services in turn, one with all but empty tables, one with millions of rows, asked for any of them."""
    async with _service() as empty, _service() as full:
        links, jobs = await _resolved(empty)
        await _resolved(full)
        await _grow(full.database)
        numbers = random.sample(range(1, CACHED_LINKS + 1), ASKED_FOR)
        ids = await full.database.fetch("SELECT id FROM jobs TABLESAMPLE BERNOULLI (1) ORDER BY random()")
        among = f"among {CACHED_LINKS:,} links and {JOBS:,} jobs against all but empty tables"
        _compare(
            f"cached POST /v1/resolve {among}",
            full.resolves([f"https://bulk.lab.test/{number}" for number in numbers]),
            empty.resolves(links),
            aim=1 / 1.1,
        )
        _compare(
            f"GET /v1/jobs/{{id}} {among}",
            full.reads([row["id"] for row in ids[:ASKED_FOR]]),
            empty.reads(jobs),
            aim=1 / 1.1,
        )


async def run_request_log() -> None:
    """Two services in turn, one with the log of requests and one without it."""
    async with _service() as logging, _service(LINKSKIPPER_REQUEST_LOG_DAYS="0") as silent:
        links, _ = await _resolved(logging)
        await _resolved(silent, links)
        what = "cached POST /v1/resolve with the log of requests against without it"
        _compare(what, logging.resolves(links), silent.resolves(links), aim=0.97)
        logged = await logging.database.fetchval("SELECT count(*) FROM requests")
        print(f"{logged:,} requests were logged", flush=True)


@asynccontextmanager
async def _service(**settings: str) -> AsyncIterator[Service]:
    async with lab() as environment:
        with TemporaryDirectory() as data_dir:
            serving = started(
                "serve", "--port", "0", "--data-dir", data_dir, ready="poll_url", **environment, **settings
            )
            async with serving as process:
                address, key = process.found(r"runs at (http://[^/\s]+)"), process.found(r"(sk_live_\w+)")
                database = await open_connection(f"postgresql://postgres@/postgres?host={data_dir}/postgres")
                await database.execute("UPDATE api_keys SET rate_limit = 1000000000")
                await database.execute("UPDATE accounts SET balance = 1000000")
                await asyncio.sleep(1)  # until the service has seen it
                yield Service(address, key, database)
                await database.close()


async def _resolved(service: Service, links: Sequence[str] = ()) -> tuple[Sequence[str], list[str]]:
    """Links that are in the cache by now, and the jobs that resolved them."""
    links = links or [f"https://bulk.lab.test/{uuid4().hex}" for _ in range(LINKS)]
    headers = {"Authorization": f"Bearer {service.key}"}
    async with aiohttp.ClientSession(service.address, headers=headers) as session:

        async def resolve(link: str) -> str:
            async with session.post("/v1/resolve", params={"wait": "30"}, json={"url": link}) as response:
                return str((await response.json())["job_id"])

        return links, await asyncio.gather(*map(resolve, links))


def _compare(what: str, one: Side, other: Side, *, aim: float) -> None:
    pairs = []
    for number in range(ROUNDS + 1):
        sides = (one, other) if number % 2 else (other, one)
        rates = {side.address: side.peak() for side in sides}
        pairs.append((rates[one.address], rates[other.address]))
    pairs = pairs[1:]  # the first warms up
    show_ratio(
        what,
        [first / second for first, second in pairs],
        aim=aim,
        detail=f"{median(each for each, _ in pairs):.0f} against {median(each for _, each in pairs):.0f} a second",
    )


def _compare_spread(ours: Side, raw: Side) -> None:
    """Compare the tails of the latency. The tail of the raw handler is the machine's share."""
    pairs = [(ours.spread(), raw.spread()) for _ in range(PACED_ROUNDS)]
    ours_p50, raw_p50 = (median(side[0] for side in sides) * 1000 for sides in zip(*pairs, strict=True))
    raw_spread = median(spread for _, (_, spread) in pairs)
    show_limit(
        f"p99 over p50 of cached answers at {SHARE_OF_PEAK:.0%} of the peak",
        median(spread for (_, spread), _ in pairs),
        limit=max(MAX_SPREAD, raw_spread),
        unit="times",
        detail=f"the raw handler's is {raw_spread:.1f} times, p50 {ours_p50:.1f} against {raw_p50:.1f} ms",
    )


async def _grow(database: Connection) -> None:
    await database.execute(
        "INSERT INTO cached_links (link_hash, canonical_url, target_url, provider, tier, expires_at)"
        " SELECT sha256(('https://bulk.lab.test/' || number)::bytea), 'https://bulk.lab.test/' || number,"
        " 'https://example.com/' || number, 'lab-bulk', 'standard', now() + interval '30 days'"
        " FROM generate_series(1, $1) AS number",
        CACHED_LINKS,
    )
    await database.execute(
        "INSERT INTO jobs (id, account_id, key_id, url, link_hash, provider, tier, price, queue_position, status,"
        " target_url) SELECT uuidv7(-number * interval '1 second'), 1, 1, 'https://bulk.lab.test/' || number,"
        " sha256(('https://bulk.lab.test/' || number)::bytea), 'lab-bulk', 'standard', 1, 1, 'done',"
        " 'https://example.com/' || number FROM generate_series(1, $1) AS number",
        JOBS,
    )
    await database.execute("VACUUM ANALYZE")
