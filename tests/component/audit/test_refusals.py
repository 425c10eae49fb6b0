"""The record of what the guard refused."""

from datetime import timedelta

import pytest

from linkskipper.audit import RefusalRecorder, list_refusals, prune_refusals
from linkskipper.database import Pool, open_pool
from linkskipper.egress import Client, Policy, RefusalCounter, Refused, parse_url
from linkskipper.egress.refusals import MAX_KINDS, OTHERS
from linkskipper.errors import DatabaseUnavailable


async def test_refusals_of_a_client_are_written(pool: Pool) -> None:
    """What a client is refused is counted by host and reason. Each refusal is written once."""
    policy = Policy.parse(ports=["80"], allow=[], host_map=[], extra_ca=None)
    async with Client(policy, user_agent="test") as client:
        for url in ("http://127.0.0.1/", "http://127.0.0.1/x", "http://printer/"):
            with pytest.raises(Refused):
                await client.fetch(parse_url(url))
    recorder = RefusalRecorder(pool, policy.refusals)
    for _ in range(2):
        await recorder.flush()
    assert {row.host: row.count for row in await list_refusals(pool, None, limit=10)} == {"127.0.0.1": 2, "printer": 1}
    (found,) = await list_refusals(pool, "single-label", limit=10)
    assert found.host == "printer"
    policy.refusals.add("printer", found.reason)
    await recorder.flush()
    assert [row.count for row in await list_refusals(pool, "printer", limit=10)] == [2]


async def test_strangers_cannot_fill_the_table(pool: Pool) -> None:
    """More hosts than one writing may bring are counted together."""
    counter = RefusalCounter()
    for number in range(MAX_KINDS + 50):
        counter.add(f"{number}.example", "private")
    await RefusalRecorder(pool, counter).flush()
    assert await pool.fetchval("SELECT count(*) FROM egress_refusals") == MAX_KINDS + 1
    assert [row.count for row in await list_refusals(pool, OTHERS, limit=10)] == [50]


async def test_refusals_wait_for_the_database(database_url: str, pool: Pool) -> None:
    """Refusals that cannot be written are written later, with the newer ones."""
    counter = RefusalCounter()
    counter.add("a.example", "private")
    gone = await open_pool(database_url, size=1)
    gone.terminate()
    with pytest.raises(DatabaseUnavailable):
        await RefusalRecorder(gone, counter).flush()
    counter.add("a.example", "private")
    await RefusalRecorder(pool, counter).flush()
    assert [row.count for row in await list_refusals(pool, None, limit=10)] == [2]


async def test_old_refusals_are_deleted(pool: Pool) -> None:
    """A host that was not refused for the time that is kept is forgotten, in batches."""
    counter = RefusalCounter()
    for number in range(5):
        counter.add(f"{number}.example", "private")
    await RefusalRecorder(pool, counter).flush()
    await pool.execute("UPDATE egress_refusals SET last_at = now() - interval '31 days' WHERE host < '3'")
    async with pool.acquire() as connection:
        assert await prune_refusals(connection, timedelta(days=30), batch=2) == 3
    assert await pool.fetchval("SELECT count(*) FROM egress_refusals") == 2
