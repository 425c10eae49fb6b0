"""What is chosen of all that is due at a host: no key waits for another's backlog."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from linkskipper.accounts import WebhookSecrets, load_keyring
from linkskipper.database import Pool
from linkskipper.settings import load
from linkskipper.webhooks import Hosts, queries, redeliver, rescue_stuck_hosts
from linkskipper.webhooks.model import PendingDelivery
from support.deliveries import new_key, queued

HOST = "hook.example"
URL = f"https://{HOST}/"
BACKLOG = """
INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body, attempts, step, next_attempt_at)
SELECT gen_random_uuid(), $1, gen_random_uuid(), '', 'hook.example', '', '', $3, $3,
    now() - interval '1 day' + number * interval '1 ms'
FROM generate_series(1, $2) AS number
"""


@pytest.fixture
def hosts(pool: Pool, tmp_path: Path) -> Hosts:
    return Hosts(pool, WebhookSecrets(pool, load_keyring(load(data_dir=tmp_path))))


async def backlog(pool: Pool, count: int, *, step: int) -> int:
    """A key that so much waits for at the host, all of it long due."""
    key_id = await new_key(pool)
    await pool.execute("INSERT INTO webhook_hosts (host) VALUES ('hook.example') ON CONFLICT DO NOTHING")
    await pool.execute(BACKLOG, key_id, count, step)
    return key_id


def keys(found: list[PendingDelivery]) -> Counter[int]:
    return Counter(due.key_id for due in found)


@pytest.mark.parametrize("step", [0, 3], ids=["never attempted", "failing"])
async def test_a_new_event_does_not_wait_for_another_keys_backlog(pool: Pool, hosts: Hosts, step: int) -> None:
    """However much waits for another key, the next few attempts at the host have the new event among them."""
    dead = await backlog(pool, 500, step=step)
    new = await queued(pool, await new_key(pool), URL)
    found = await hosts.due(HOST, 4, [])
    assert new in {due.id for due in found}
    assert keys(found)[dead] == 3


async def test_a_keys_new_event_does_not_wait_for_its_failures(pool: Pool, hosts: Hosts) -> None:
    """Of one key, what was never attempted goes before what was."""
    key_id = await backlog(pool, 500, step=3)
    new = await queued(pool, key_id, URL)
    assert (await hosts.due(HOST, 4, []))[0].id == new


async def test_the_keys_take_turns(pool: Pool, hosts: Hosts) -> None:
    """Where many keys have much waiting, each has about as many of the places as the others, whatever its size."""
    several = [await backlog(pool, count, step=1) for count in (900, 300, 100, 100)]
    shares = keys(await hosts.due(HOST, 100, []))
    assert all(18 <= shares[key_id] <= 45 for key_id in several)


async def test_retries_are_not_put_off_for_ever(pool: Pool, hosts: Hosts) -> None:
    """However many keys have new events, the longest due goes too."""
    await backlog(pool, 1, step=9)
    for _ in range(9):
        await queued(pool, await new_key(pool), URL)
    assert [due.step for due in await hosts.due(HOST, 4, [])].count(9) == 1


async def test_all_places_are_used(pool: Pool, hosts: Hosts) -> None:
    """As many are found as are asked for while that many are due, each once, and none that is under way or not due."""
    await backlog(pool, 300, step=2)
    for _ in range(5):
        await backlog(pool, 1, step=0)
    later = await backlog(pool, 50, step=1)
    await pool.execute(
        "UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 day' WHERE key_id = $1", later
    )
    seen: list[UUID] = []
    while found := await hosts.due(HOST, 100, seen):
        assert len(found) == min(100, 305 - len(seen))
        seen += [due.id for due in found]
    assert len(seen) == len(set(seen)) == 305
    assert await hosts.due(HOST, 1, [])


async def test_at_a_paused_host_only_what_is_sent_by_hand_is_due(pool: Pool, hosts: Hosts) -> None:
    """The backlog of a paused host waits, also when something was forgotten; what is sent by hand does not."""
    await backlog(pool, 10, step=1)
    chosen = await queued(pool, await new_key(pool), URL)
    await pool.execute("UPDATE webhook_hosts SET failures = 9, failing_since = now(), paused_at = now()")
    assert await hosts.due(HOST, 100, []) == []
    assert await rescue_stuck_hosts(pool, timedelta(minutes=1)) == 0
    assert await redeliver(pool, chosen)
    assert [due.id for due in await hosts.due(HOST, 100, [])] == [chosen]


INDEXES = {
    "due": (
        queries.DUE,
        "ARRAY['hook.example'], ARRAY[100], ARRAY[]::uuid[], 1000",
        {
            "webhook_deliveries_first",
            "webhook_deliveries_again",
            "webhook_deliveries_due",
            "webhook_deliveries_by_hand",
        },
    ),
    "forgotten": (queries.FORGOTTEN, "interval '1 minute'", {"webhook_deliveries_due", "webhook_deliveries_by_hand"}),
    "release": (
        queries.RELEASE,
        "ARRAY['hook.example'], ARRAY[1]::bigint[]",
        {"webhook_deliveries_due", "webhook_deliveries_by_hand"},
    ),
}


@pytest.mark.parametrize("keys", [0, 1, 50])
@pytest.mark.parametrize("name", INDEXES)
async def test_a_backlog_is_not_read_whole(pool: Pool, name: str, keys: int) -> None:
    """Whatever looks at a host's backlog does so by indexes made for that, whatever the planner knows of the table."""
    statement, arguments, indexes = INDEXES[name]
    for _ in range(keys):
        await backlog(pool, 10_000 // keys, step=1)
    async with pool.acquire() as connection:
        if keys:
            await connection.execute("ANALYZE webhook_deliveries")
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE look AS {statement}")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE look({arguments})"))
    assert "Seq Scan on webhook_deliveries" not in plan
    assert {index for index in indexes if f" {index} " in plan} == indexes
    assert "ALL ($3)" not in plan
