"""python -m bench.rivals.ours PORT BASE LINKS AT_ONCE ROUNDS: prints our links a second, round by round."""

import sys

from bench.harness import rate
from bench.rivals.shortener import HERE, SHORTENER
from linkskipper.catalog import Catalog, Provider
from linkskipper.egress import Client, Policy
from linkskipper.resolver import USER_AGENT, LinkResolver, PageReader
from linkskipper.service import process


async def main(port: str, base: str, links: int, at_once: int, rounds: int) -> None:
    """Measure rounds, one after the other."""
    provider = Provider(id="bench", label="Bench", hosts=(SHORTENER,), tier="standard")
    policy = Policy.parse(ports=["80"], allow=[], host_map=[f"{SHORTENER}={HERE}:{port}"], extra_ca=None)
    async with Client(policy, user_agent=USER_AGENT) as client:
        resolver = LinkResolver(Catalog([provider]), client, PageReader())
        for mark in range(rounds):

            async def work(number: int, mark: int = mark) -> None:
                resolution = await resolver.resolve(f"{base}/{mark}-{number}")
                assert resolution.target_url == f"https://example.com/{mark}-{number}", resolution

            print(await rate(work, links, at_once=at_once), flush=True)


if __name__ == "__main__":
    port, base, *numbers = sys.argv[1:]
    links, at_once, rounds = map(int, numbers)
    process.run(main(port, base, links, at_once, rounds))
