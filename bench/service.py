"""Compare the service, in one process and in two, with the resolver library, and measure what it adds to one link."""

import asyncio
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from uuid import uuid4

import aiohttp

from bench import load
from bench.harness import RunningCommand, lab, rate, show_limit, show_ratio, started
from linkskipper.catalog import Catalog
from linkskipper.database import open_connection
from linkskipper.egress import Client, Policy
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader

ROUNDS = 5
LINKS = 3000
AT_ONCE = 100
SINGLE_LINKS = 100


async def run() -> None:
    """Measure throughput in rounds, service and library in turn, and then single links on the idle service."""
    async with lab() as environment:
        policy = Policy.parse(
            ports=["80", "443"], allow=[], host_map=environment["LINKSKIPPER_HOST_MAP"].split(","), extra_ca=None
        )
        catalog = Catalog.load(extra_dirs=[Path(environment["LINKSKIPPER_PROVIDERS_DIR"])])
        rates = {}
        for workers in ("0", "1"):
            with TemporaryDirectory() as data_dir:
                serving = started(
                    *("serve", "--port", "0", "--data-dir", data_dir, "--workers", workers),
                    ready="poll_url",
                    **environment,
                    LINKSKIPPER_NEW_ACCOUNT_CREDITS="1000000",
                )
                async with serving as service, Client(policy, user_agent=USER_AGENT) as client:
                    print(f"with --workers {workers}:")
                    rates[workers] = await _measure(
                        service, LinkResolver(catalog, client, PageReader()), Path(data_dir)
                    )
        show_ratio(
            "service with a worker process against one process",
            [two / one for two, one in zip(rates["1"], rates["0"], strict=True)],
            aim=1.5,
            detail=f"{median(rates['1']):.0f} against {median(rates['0']):.0f} links/s",
        )


async def _measure(service: RunningCommand, resolver: LinkResolver, data_dir: Path) -> tuple[float, ...]:
    address = service.found(r"runs at (http://[^/\s]+)")
    key = service.found(r"(sk_live_\w+)")
    database = await open_connection(f"postgresql://postgres@/postgres?host={data_dir}/postgres")
    await database.execute("UPDATE api_keys SET rate_limit = 1000000")
    await asyncio.sleep(1)  # until the service reads the key again
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {key}"}) as session:
        rounds = []
        for _ in range(ROUNDS + 1):
            links = [_fresh_link() for _ in range(LINKS)]
            through = await load.links_a_second(address, key, database, links, at_once=AT_ONCE)
            rounds.append((through, await _library_rate(resolver)))
        added = await _added_milliseconds(session, resolver)
    await database.close()
    rates, alone = zip(*rounds[1:], strict=True)
    show_ratio(
        "service against the library alone",
        [ours / bare for ours, bare in zip(rates, alone, strict=True)],
        aim=0.4,
        detail=f"{median(rates):.0f} against {median(alone):.0f} links/s",
    )
    show_limit("median time from POST to done beyond the link's own", added, limit=8, unit="ms")
    return rates


async def _library_rate(resolver: LinkResolver) -> float:
    async def resolve(_: int) -> None:
        assert (await resolver.resolve(_fresh_link())).target_url

    return await rate(resolve, LINKS, at_once=AT_ONCE)


async def _added_milliseconds(session: aiohttp.ClientSession, resolver: LinkResolver) -> float:
    """Return the median time that the service adds to a link that it resolves alone."""
    alone, through = [], []
    for _ in range(SINGLE_LINKS):
        begin = time.perf_counter()
        await resolver.resolve(_fresh_link())
        middle = time.perf_counter()
        async with session.post("/v1/resolve", params={"wait": "10"}, json={"url": _fresh_link()}) as response:
            assert response.status == 200, await response.text()
        alone.append(middle - begin)
        through.append(time.perf_counter() - middle)
    return (median(through) - median(alone)) * 1000


def _fresh_link() -> str:
    return f"http://bulk.lab.test/{uuid4().hex}"
