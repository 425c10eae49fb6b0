"""The whole service against the resolver library alone, and the time that it adds to one link."""

import asyncio
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

import aiohttp

from bench.harness import JobAttempt, lab, rate, show_limit, show_ratio, started
from linkskipper.catalog import Catalog
from linkskipper.database import open_connection
from linkskipper.egress import Client, Policy
from linkskipper.resolver import USER_AGENT, LinkResolver

ROUNDS = 5
LINKS = 3000
AT_ONCE = 100
SINGLE_LINKS = 100
PAUSE_SECONDS = 0.02


async def run() -> None:
    """Measure throughput in rounds, library and service in turn; then single links on the idle service."""
    async with lab() as environment:
        policy = Policy.parse(
            ports=["80", "443"], allow=[], host_map=environment["LINKSKIPPER_HOST_MAP"].split(","), extra_ca=None
        )
        catalog = Catalog.load(extra_dirs=[Path(environment["LINKSKIPPER_PROVIDERS_DIR"])])
        with TemporaryDirectory() as data_dir:
            serving = started(
                *("serve", "--port", "0", "--data-dir", data_dir),
                ready="poll_url",
                **environment,
                LINKSKIPPER_NEW_ACCOUNT_CREDITS="1000000",
            )
            async with serving as service, Client(policy, user_agent=USER_AGENT) as client:
                await _compare(service, LinkResolver(catalog, client), Path(data_dir))


async def _compare(service: JobAttempt, resolver: LinkResolver, data_dir: Path) -> None:
    address = service.found(r"runs at (http://[^/\s]+)")
    key = service.found(r"(sk_live_\w+)")
    database = await open_connection(f"postgresql://postgres@/postgres?host={data_dir}/postgres")
    await database.execute("UPDATE api_keys SET rate_limit = 1000000")
    await asyncio.sleep(1)  # until the service has seen it
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {key}"}) as session:

        async def library(mark: str) -> float:
            async def work(number: int) -> None:
                assert (await resolver.resolve(f"http://bulk.lab.test/{mark}{number}")).target_url

            return await rate(work, LINKS, at_once=AT_ONCE)

        async def whole(mark: str) -> float:
            async def work(number: int) -> None:
                body = {"url": f"http://bulk.lab.test/{mark}{number}"}
                async with session.post("/v1/resolve", json=body) as response:
                    assert response.status == 202, await response.text()

            before = await database.fetchval("SELECT count(*) FROM jobs WHERE status = 'done'")
            begin = time.perf_counter()
            await rate(work, LINKS, at_once=AT_ONCE)
            while await database.fetchval("SELECT count(*) FROM jobs WHERE status = 'done'") < before + LINKS:
                await asyncio.sleep(PAUSE_SECONDS)
            return LINKS / (time.perf_counter() - begin)

        pairs = [(await whole(uuid4().hex), await library(uuid4().hex)) for _ in range(ROUNDS + 1)][1:]
        show_ratio(
            "service against the library alone",
            [service_rate / library_rate for service_rate, library_rate in pairs],
            aim=0.4,
            detail=f"{median(each for each, _ in pairs):.0f} against {median(each for _, each in pairs):.0f} links/s",
        )
        added = await _added_milliseconds(session, resolver)
        show_limit("median time from POST to done beyond the link's own", added, limit=20, unit="ms")
    await database.close()


async def _added_milliseconds(session: aiohttp.ClientSession, resolver: LinkResolver) -> float:
    alone, through = [], []
    for _ in range(SINGLE_LINKS):
        begin = time.perf_counter()
        await resolver.resolve(f"http://bulk.lab.test/{uuid4().hex}")
        middle = time.perf_counter()
        body = {"url": f"http://bulk.lab.test/{uuid4().hex}"}
        async with session.post("/v1/resolve", params={"wait": "10"}, json=body) as response:
            assert response.status == 200, await response.text()
        alone.append(middle - begin)
        through.append(time.perf_counter() - middle)
    return (median(through) - median(alone)) * 1000
