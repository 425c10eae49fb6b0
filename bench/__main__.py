"""Run the benchmarks that are named, or all."""

import asyncio
import sys

from bench import library, rest, service

BENCHES = {"library": library.run, "service": service.run, "rest": rest.run}


async def main(names: list[str]) -> None:
    """Run each benchmark, one after the other."""
    unknown = set(names) - set(BENCHES)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHES)}")
    for name in names or BENCHES:
        print(f"# {name}", flush=True)
        await BENCHES[name]()


asyncio.run(main(sys.argv[1:]))
