"""Run the named benchmarks, or the usual ones.

Of the others, `large` fills the disk with a few GB for some minutes. `request_log` compares two services.
`dashboard=0.01` and `migrations=0.1` take a share of their rows. `rivals` and
`many` install packages into a temporary folder. `hosts` makes network namespaces, so it needs root.
"""

import asyncio
import sys

from bench import (
    api,
    browser,
    cost,
    dashboard,
    growth,
    hosts,
    library,
    many,
    memory,
    migrations,
    pgbouncer,
    rest,
    scale,
    sdks,
    service,
    simulation,
    single_flight,
    start,
    webhooks,
)
from bench.harness import show_table
from bench.rivals import compare

BENCHES = {
    "library": library.run,
    "service": service.run,
    "cost": cost.run,
    "scale": scale.run,
    "simulation": simulation.run,
    "single_flight": single_flight.run,
    "rest": rest.run,
    "start": start.run,
    "webhooks": webhooks.run,
    "api": api.run,
    "rivals": compare.run,
    "memory": memory.run,
    "many": many.run,
    "browser": browser.run,
    "sdks": sdks.run,
    "growth": growth.run,
    "migrations": migrations.run,
    "pgbouncer": pgbouncer.run,
    "hosts": hosts.run,
    "large": api.run_large,
    "dashboard": dashboard.run,
    "request_log": api.run_request_log,
}
USUAL = ("library", "rivals", "many", "service", "webhooks", "memory", "start", "rest", "api", "cost")


async def main(names: list[str]) -> None:
    """Run each benchmark, one after the other."""
    unknown = {name.partition("=")[0] for name in names} - set(BENCHES)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}. Choose from: {', '.join(BENCHES)}")
    for name in names or USUAL:
        print(f"# {name}", flush=True)
        bench, *argument = name.split("=", maxsplit=1)
        await BENCHES[bench](*argument)
    show_table()


asyncio.run(main(sys.argv[1:]))
