"""Memory of the resolver over many links, as a worker uses it: it must not grow."""

from itertools import pairwise
from pathlib import Path
from uuid import uuid4

from bench.harness import lab, rate, show_limit
from linkskipper.catalog import Catalog
from linkskipper.egress import Client, Policy
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader

MARKS = (0, 10_000, 100_000)
AT_ONCE = 100
KILOBYTE = 1024


async def run() -> None:
    """Resolve a hundred thousand links. The memory by then may not be much more than after ten thousand."""
    async with lab() as environment:
        catalog = Catalog.load(extra_dirs=[Path(environment["LINKSKIPPER_PROVIDERS_DIR"])])
        policy = Policy.parse(
            ports=["80", "443"], allow=[], host_map=environment["LINKSKIPPER_HOST_MAP"].split(","), extra_ca=None
        )
        async with Client(policy, user_agent=USER_AGENT) as client:
            resolver = LinkResolver(catalog, client, PageReader())
            mark = uuid4().hex

            async def work(number: int) -> None:
                assert (await resolver.resolve(f"http://bulk.lab.test/{mark}{number}")).target_url

            used = []
            for before, after in pairwise(MARKS):
                await rate(work, after - before, at_once=AT_ONCE)
                used.append(_resident_megabytes())
                print(f"after {after:,} links: {used[-1]:.1f} MB", flush=True)
    show_limit("memory after 100,000 links over that after 10,000", used[1] / used[0], limit=1.05, unit="times")


def _resident_megabytes() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / KILOBYTE
