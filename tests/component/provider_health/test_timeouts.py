"""Timeouts count against a host only if the host had the time of a full fetch."""

import pytest

from linkskipper.catalog import Catalog, Provider
from linkskipper.database import Pool
from linkskipper.provider_health import OutcomeRecorder, read_conditions
from linkskipper.resolver import Resolution
from support.shortener import HOST, OTHER, Bench, provider, to

HANGS = b"HTTP/1.1 200 X\r\nContent-Length: 9\r\nContent-Type: text/html\r\n\r\n"


FIRST = provider(limits={"timeout": 0.3})


def second(**limits: float) -> dict[str, object]:
    return provider(OTHER, limits=limits)


async def resolve_chain(bench: Bench, last: dict[str, object]) -> Resolution:
    """Resolve a link with 0.3 s that leads to a host which does not answer."""
    bench.put("/a", to(f"http://{OTHER}/slow"))
    bench.put("/slow", HANGS, host=OTHER)
    return await bench.resolve("http://s.test/a", FIRST, last)


async def test_a_host_with_little_time_left_has_not_failed(bench: Bench) -> None:
    """A fetch that begins when the link's time is nearly over says nothing against its host."""
    resolution = await resolve_chain(bench, second())
    assert (resolution.reason, resolution.host_failed) == ("timeout", False)


async def test_a_host_with_full_time_has_failed(bench: Bench) -> None:
    """A host that does not answer within the time that its provider file gives it has failed."""
    assert (await resolve_chain(bench, second(timeout=0.1))).host_failed
    bench.put("/a", HANGS)
    assert (await bench.resolve(f"http://{HOST}/a", FIRST)).host_failed


@pytest.mark.parametrize(("limits", "opened"), [({}, ()), ({"timeout": 0.1}, (OTHER,))], ids=["late", "in time"])
async def test_late_links_open_no_circuit(
    pool: Pool, bench: Bench, limits: dict[str, float], opened: tuple[str, ...]
) -> None:
    """Six links of six accounts that reach a host too late leave its circuit closed."""
    last = second(**limits)
    recorder = OutcomeRecorder(pool, Catalog(map(Provider.model_validate, (FIRST, last))))
    for account in range(6):
        recorder.record(account, await resolve_chain(bench, last), 0.3)
    await recorder.flush()
    conditions = await read_conditions(pool)
    assert sum((condition.failing_hosts for condition in conditions.values()), ()) == opened
