"""Timeouts count against a host only if the host had the time of a full fetch."""

import asyncio

import pytest

from linkskipper.catalog import Catalog, Provider
from linkskipper.database import Pool
from linkskipper.provider_health import OutcomeRecorder, read_conditions
from linkskipper.resolver import Resolution
from support.shortener import OTHER, Bench, answer, provider, to

HANGS = b"HTTP/1.1 200 X\r\nContent-Length: 9\r\nContent-Type: text/html\r\n\r\n"
FIRST, LAST = provider(limits={"timeout": 0.4}), provider(OTHER)
CATALOG = Catalog(map(Provider.model_validate, (FIRST, LAST)))


async def resolve_chain(bench: Bench, *, late: bool) -> Resolution:
    """Resolve a link to a host that does not answer. The first host uses up half of the link's time if `late`."""
    bench.sleep = asyncio.sleep
    bench.put("/a", *[answer(503, "Retry-After: 0")] * late, to(f"http://{OTHER}/hangs"))
    bench.put("/hangs", HANGS, host=OTHER)
    return await bench.resolve("http://s.test/a", FIRST, LAST)


@pytest.mark.parametrize(("late", "opened"), [(True, ()), (False, (f"{OTHER}:80",))], ids=["late", "in time"])
async def test_late_links_open_no_circuit(pool: Pool, bench: Bench, *, late: bool, opened: tuple[str, ...]) -> None:
    """Six links of six accounts that reach a host with little time left leave its circuit closed."""
    recorder = OutcomeRecorder(pool, CATALOG)
    for account in range(6):
        resolution = await resolve_chain(bench, late=late)
        assert resolution.reason == "timeout"
        recorder.record(account, resolution, 0.4)
    await recorder.flush()
    conditions = await read_conditions(pool)
    assert sum((condition.failing_hosts for condition in conditions.values()), ()) == opened
