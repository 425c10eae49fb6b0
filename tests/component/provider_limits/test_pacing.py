"""Pacing: requests to a provider are a minimum interval apart, over all workers."""

from linkskipper.catalog import Provider
from linkskipper.database import Pool
from linkskipper.provider_limits.pacing import reserve_request

FIELDS = {"id": "exe", "label": "Exe", "hosts": ["exe.test"], "tier": "premium", "limits": {"min_interval": 10}}
PROVIDER = Provider.model_validate(FIELDS)


async def test_requests_are_reserved_in_turn(pool: Pool) -> None:
    """Each request is reserved one interval after the last. A request that would come too late is not reserved."""
    waits = [await reserve_request(pool, PROVIDER, 100) for _ in range(3)]
    assert [round(wait or 0) for wait in waits] == [0, 10, 20]
    assert await reserve_request(pool, PROVIDER, 25) is None
    assert round(await reserve_request(pool, PROVIDER, 35) or 0) == 30
    await pool.execute("UPDATE provider_pacing SET next_at = now() - interval '1 hour'")
    assert await reserve_request(pool, PROVIDER, 0) == 0
