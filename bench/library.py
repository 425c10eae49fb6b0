"""Processor time that the resolver library takes for a link, against a bare loop that sends the same requests."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from uuid import uuid4

from bench.bare_connection import connect
from bench.harness import lab, rate, show_ratio
from linkskipper.catalog import Catalog
from linkskipper.egress import Client, Policy
from linkskipper.egress.body import ACCEPT_ENCODING
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader

PAIRS = 7
LINKS = 3000
AT_ONCE = 50
HOST = "bulk.lab.test"
REQUEST = (
    "GET /{} HTTP/1.1\r\n"
    f"Host: {HOST}\r\n"
    f"User-Agent: {USER_AGENT}\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    f"Accept-Encoding: {ACCEPT_ENCODING}\r\n"
    "Accept-Language: en\r\n\r\n"
)


async def run() -> None:
    """Measure in pairs, the order alternating."""
    async with lab() as environment:
        host_map = environment["LINKSKIPPER_HOST_MAP"].split(",")
        address = next(item.partition("=")[2] for item in host_map if item.startswith(f"{HOST}:80="))
        host, _, port = address.rpartition(":")
        catalog = Catalog.load(extra_dirs=[Path(environment["LINKSKIPPER_PROVIDERS_DIR"])])
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=host_map, extra_ca=None)
        async with Client(policy, user_agent=USER_AGENT) as client:
            resolver = LinkResolver(catalog, client, PageReader())
            idle = await connect(host, int(port), AT_ONCE)
            mark = uuid4().hex

            async def bare(number: int) -> None:
                connection = idle.pop()
                fields = await connection.exchange(REQUEST.format(f"{mark}{number}").encode())
                assert fields[b"Location"].endswith(f"{mark}{number}".encode())
                idle.append(connection)

            async def ours(number: int) -> None:
                resolution = await resolver.resolve(f"http://{HOST}/{mark}{number}")
                assert resolution.target_url == f"https://example.com/landing/{mark}{number}", resolution

            pairs = []
            for pair in range(PAIRS + 1):
                first, second = (bare, ours) if pair % 2 else (ours, bare)
                costs = {work: await _processor_time(work) for work in (first, second)}
                pairs.append((costs[ours], costs[bare]))
    pairs = pairs[1:]  # the first warms up
    show_ratio(
        "library against a bare httptools loop",
        [bare_cost / our_cost for our_cost, bare_cost in pairs],
        aim=0.4,
        detail="{:.0f} against {:.0f} µs of processor time a link".format(
            *(median(costs) * 1e6 for costs in zip(*pairs, strict=True))
        ),
    )


async def _processor_time(work: Callable[[int], Awaitable[None]]) -> float:
    """Return the seconds of this process for each call. The lab is another process."""
    begin = time.process_time()
    await rate(work, LINKS, at_once=AT_ONCE)
    return (time.process_time() - begin) / LINKS
