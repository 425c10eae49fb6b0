"""Links resolved a second by the resolver library, against a bare aiohttp loop that does the same requests."""

from pathlib import Path
from statistics import median
from uuid import uuid4

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bench.harness import lab, rate, show_ratio
from linkskipper.catalog import Catalog
from linkskipper.egress import Client, Policy
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader

PAIRS = 5
LINKS = 3000
AT_ONCE = 100


class ToTheLab(AbstractResolver):
    """Finds every host at the lab's address."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.rpartition(":")
        self._port = int(port)

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """The lab's address, whatever was asked."""
        del port
        return [ResolveResult(hostname=host, host=self._host, port=self._port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to close."""


async def run() -> None:
    """Measure in pairs, the order alternating."""
    async with lab() as environment:
        host_map = environment["LINKSKIPPER_HOST_MAP"].split(",")
        address = next(item.partition("=")[2] for item in host_map if item.startswith("bulk.lab.test:80="))
        catalog = Catalog.load(extra_dirs=[Path(environment["LINKSKIPPER_PROVIDERS_DIR"])])
        policy = Policy.parse(ports=["80", "443"], allow=[], host_map=host_map, extra_ca=None)
        connector = aiohttp.TCPConnector(resolver=ToTheLab(address), limit=1000)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            Client(policy, user_agent=USER_AGENT) as client,
        ):
            resolver = LinkResolver(catalog, client, PageReader())
            mark = uuid4().hex

            async def bare(number: int) -> None:
                async with session.get(f"http://bulk.lab.test/{mark}{number}", allow_redirects=False) as response:
                    assert response.headers["Location"].endswith(f"{mark}{number}")

            async def ours(number: int) -> None:
                resolution = await resolver.resolve(f"http://bulk.lab.test/{mark}{number}")
                assert resolution.target_url == f"https://example.com/landing/{mark}{number}", resolution

            pairs = []
            for pair in range(PAIRS + 1):
                first, second = (bare, ours) if pair % 2 else (ours, bare)
                rates = {work: await rate(work, LINKS, at_once=AT_ONCE) for work in (first, second)}
                pairs.append((rates[ours], rates[bare]))
    pairs = pairs[1:]  # the first warms up
    show_ratio(
        "library against a bare aiohttp loop",
        [ours_rate / bare_rate for ours_rate, bare_rate in pairs],
        aim=0.7,
        detail=f"{median(each for each, _ in pairs):.0f} against {median(each for _, each in pairs):.0f} links/s",
    )
