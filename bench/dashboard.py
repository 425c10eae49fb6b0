"""The dashboard: bytes of the first page, time of each page among many rows, memory of open streams."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bench.harness import show_limit, started
from linkskipper.dashboard.pages import PAGES
from linkskipper.database import Pool, open_pool
from linkskipper.people import create_login_link

ACCOUNTS, JOBS, REQUESTS = 10_000, 5_000_000, 1_000_000
OWN_SHARE = 10  # rows for each one that belongs to the account that looks
VISITS = 40
STREAMS, STREAMS_OF_A_SESSION = 1000, 20
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
KIB, MIB = 1024, 1024 * 1024

GROW = """
INSERT INTO accounts (name) SELECT 'account ' || number FROM generate_series(1, {accounts}) AS number;
INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)
SELECT id, 'key', sha256(id::text::bytea), 'sk_live_', 'abcd', '', '{{resolve}}', 60 FROM accounts WHERE id > 1;
INSERT INTO jobs (id, account_id, key_id, url, link_hash, provider, tier, price, queue_position, status, target_url,
    finished_at, credits_charged)
SELECT uuidv7(-number * interval '1 s'), owner, owner, 'https://bulk.lab.test/' || number,
    sha256(number::text::bytea), 'lab-bulk', 'standard', 1, 1, 'done', 'https://example.com/' || number, now(), 1
FROM generate_series(1, {jobs}) AS number,
    LATERAL (SELECT CASE WHEN number % {share} = 0 THEN 1 ELSE 2 + number % ({accounts} - 2) END) AS o (owner);
INSERT INTO ledger (account_id, kind, amount, job_id)
SELECT account_id, 'charge', -1, id FROM jobs WHERE credits_charged = 1;
INSERT INTO requests (at, account_id, key_id, request_id, method, path, status, code, milliseconds)
SELECT now() - number * interval '0.5 s', owner, owner, md5(number::text), 'POST', '/v1/resolve',
    CASE WHEN number % 7 = 0 THEN 422 ELSE 202 END, CASE WHEN number % 7 = 0 THEN 'unsupported_link' END, 2
FROM generate_series(1, {requests}) AS number,
    LATERAL (SELECT CASE WHEN number % {share} = 0 THEN 1 ELSE 2 + number % ({accounts} - 2) END) AS o (owner);
INSERT INTO hourly_usage
SELECT owner, date_trunc('hour', now()) - number * interval '1 hour', 9, 1, 1, 9, 9, 9000
FROM generate_series(0, 24 * 90) AS number,
    (VALUES ('account 1'), ('key 1'), ('provider bitly')) AS owners (owner);
INSERT INTO hourly_usage
SELECT 'account ' || account, date_trunc('hour', now()) - number * interval '1 day', 9, 1, 1, 9, 9, 9000
FROM generate_series(0, 89) AS number, generate_series(2, {accounts}) AS account;
VACUUM ANALYZE;
"""


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in, and the process that serves the pages."""

    address: str
    pid: int
    pool: Pool
    cookie: str

    def headers(self) -> dict[str, str]:
        """Return the headers of a request."""
        return {**SAME_ORIGIN, "Cookie": self.cookie, "Accept-Encoding": "gzip"}


async def run(scale: str = "1") -> None:
    """Measure among a share of the rows that the budgets name: `python -m bench dashboard=0.01`."""
    sizes = {
        "accounts": max(10, int(ACCOUNTS * float(scale))),
        "jobs": int(JOBS * float(scale)),
        "requests": int(REQUESTS * float(scale)),
    }
    async with _person() as person:
        async with person.pool.acquire() as connection:
            for statement in GROW.format(**sizes, share=OWN_SHARE).split(";\n")[:-1]:
                await connection.execute(statement, timeout=3600)
        print(", ".join(f"{count:,} {name}" for name, count in sizes.items()), flush=True)
        async with aiohttp.ClientSession(person.address, auto_decompress=False) as session:
            await _first_page(session, person)
            await _times(session, person)
        await _streams(person)


@asynccontextmanager
async def _person() -> AsyncIterator[Person]:
    with TemporaryDirectory() as data_dir:
        async with started("serve", "--port", "0", "--data-dir", data_dir, ready="poll_url") as command:
            address, code = command.found(r"runs at (http://[^/\s]+)"), command.found(r"/dashboard/in#(\S+)")
            pool = await open_pool(
                f"postgresql://postgres@/postgres?host={data_dir}/postgres", size=2, statement_seconds=3600
            )
            yield Person(address, command.process.pid, pool, await _sign_in(address, code))
            await pool.close()


async def _sign_in(address: str, code: str) -> str:
    async with (
        aiohttp.ClientSession(address, headers=SAME_ORIGIN, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.post("/dashboard/in", data={"way": "link", "link": code}, allow_redirects=False) as response,
    ):
        return response.headers["Set-Cookie"].partition(";")[0]


async def _first_page(session: aiohttp.ClientSession, person: Person) -> None:
    async with session.get("/dashboard", headers=person.headers()) as response:
        page = await response.read()
    total = len(page)
    for path in sorted(set(re.findall(r'(?:src|href)="(/dashboard/static/[^"]+)"', page.decode()))):
        async with session.get(path, headers=person.headers()) as response:
            total += len(await response.read())
    show_limit("bytes of the first page with all its files", total / KIB, limit=60_000 / KIB, unit="KiB")


async def _times(session: aiohttp.ClientSession, person: Person) -> None:
    newest = await person.pool.fetchval("SELECT id FROM jobs WHERE account_id = 1 ORDER BY id DESC LIMIT 1")
    times = {path: await _visits(session, person, path) for path in _paths(str(newest))}
    for path, took in sorted(times.items(), key=lambda item: -item[1][1]):
        print(f"  {path}: p50 {took[0]:.1f} ms, p95 {took[1]:.1f} ms", flush=True)
    show_limit("p50 of the slowest page", max(p50 for p50, _ in times.values()), limit=15, unit="ms")
    show_limit("p95 of the slowest page", max(p95 for _, p95 in times.values()), limit=50, unit="ms")


def _paths(job_id: str) -> list[str]:
    """Return the paths of all pages, lists with filters that match no row, and charts of the longest period."""
    values = {"job_id": job_id, "provider_id": "bitly"}
    pages = [page.path for page in PAGES if page.method == "GET" and "{delivery_id}" not in page.path]
    shown = [
        re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], "1"), path)
        for path in pages
        if not path.endswith(("/stream", "/export", "/in"))
    ]
    filtered = [f"/dashboard/{path}?text=none" for path in ("links", "requests", "operate/accounts", "operate/audit")]
    charts = ["/dashboard", "/dashboard/keys/1", "/dashboard/operate/accounts/1", "/dashboard/operate/providers/bitly"]
    return [*shown, *filtered, *(f"{path}?period=90d" for path in charts)]


async def _visits(session: aiohttp.ClientSession, person: Person, path: str) -> tuple[float, float]:
    """Return the median and the 95th percentile of the time to get a page, in milliseconds."""
    took = []
    for _ in range(VISITS + 1):
        begin = time.perf_counter()
        async with session.get(path, headers=person.headers()) as response:
            await response.read()
            assert response.status == 200, (path, response.status)
        took.append((time.perf_counter() - begin) * 1000)
    took = sorted(took[1:])
    return took[VISITS // 2], took[VISITS * 95 // 100]


async def _streams(person: Person) -> None:
    user_id = await person.pool.fetchval("SELECT min(id) FROM users")
    cookies = []
    for _ in range(STREAMS // STREAMS_OF_A_SESSION):
        async with person.pool.acquire() as connection:
            cookies.append(await _sign_in(person.address, await create_login_link(connection, user_id)))
    before = _memory(person.pid)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(person.address, connector=connector) as session:
        requests = [
            session.get("/dashboard/stream", headers={**SAME_ORIGIN, "Cookie": cookie})
            for cookie in cookies
            for _ in range(STREAMS_OF_A_SESSION)
        ]
        responses = await asyncio.gather(*requests)
        assert {response.status for response in responses} == {200}
        await asyncio.gather(*(response.content.readany() for response in responses))
        await asyncio.sleep(5)
        show_limit(f"memory of {STREAMS:,} open streams", (_memory(person.pid) - before) / MIB, limit=60, unit="MiB")


def _memory(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    (line,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(line) * KIB
