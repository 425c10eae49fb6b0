"""Data of version 0.1 in the renamed tables of webhooks, provider slots and circuits."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from linkskipper.catalog import Catalog
from linkskipper.database import Pool, open_pool
from linkskipper.database.ids import new_id
from linkskipper.database.schema import upgrade
from linkskipper.provider_health import read_conditions
from linkskipper.provider_limits import ProviderSlots, read_waiting_jobs
from linkskipper.queue import install_queue
from linkskipper.service.migrate import migrate
from linkskipper.webhooks import DeliveryStatus, list_deliveries
from support.service import named

WAITING, RUNNING = new_id(), new_id()
HOST = "hook.example"


@pytest.fixture
async def pool(server_url: str) -> AsyncIterator[Pool]:
    """A migrated database with data of version 0.1."""
    server = await asyncpg.connect(server_url)
    await server.execute("CREATE DATABASE renamed")
    url = named(server_url, "renamed")
    database = await asyncpg.connect(url)
    await upgrade(database, to="0004")
    await install_queue(database)
    await add_data(database)
    await database.close()
    await migrate(url)
    pool = await open_pool(url, size=4)
    yield pool
    pool.terminate()
    await server.execute("DROP DATABASE renamed WITH (FORCE)")
    await server.close()


async def add_data(database: "asyncpg.Connection[asyncpg.Record]") -> None:
    account = await database.fetchval("INSERT INTO accounts (name) VALUES ('old') RETURNING id")
    key = await database.fetchval(
        "INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)"
        " VALUES ($1, 'old', '', 'sk_live_old', 'last', '', '{resolve}', 60) RETURNING id",
        account,
    )
    await database.execute(
        "INSERT INTO webhook_hosts (host, wakeup, wakeup_at, failures, failing_since) VALUES ($1, 7, now(), 4, now())",
        HOST,
    )
    await database.execute(
        "INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body, attempts, step, by_hand)"
        " VALUES ($1, $2, $3, 'https://hook.example/', $4, 'resolve.done', '{}', 3, 2, true)",
        *(new_id(), key, new_id(), HOST),
    )
    await database.execute(
        "INSERT INTO circuits (provider, host, streak, open_until) VALUES ('exe', 'exe.test', '{1,1,1,1,1}', now())"
    )
    await database.execute(
        "INSERT INTO provider_places (provider, job_id, queue, worker, until)"
        " VALUES ('exe', $1, 'premium', NULL, NULL),"
        " ('exe', $2, 'premium', gen_random_uuid(), now() + interval '1 day')",
        *(WAITING, RUNNING),
    )


async def test_data_is_kept(pool: Pool) -> None:
    """Deliveries, failing hosts, circuits and waiting jobs survive. Slots are lost, and waiting jobs get them."""
    (delivery,) = await list_deliveries(pool)
    assert (delivery.status, delivery.attempts, delivery.host) == (DeliveryStatus.PENDING, 3, HOST)
    row = await pool.fetchrow("SELECT schedule_step, manual FROM webhook_deliveries")
    assert tuple(row or ()) == (2, True)
    assert tuple(await pool.fetchrow("SELECT wakeup_entry_id, failures FROM webhook_hosts") or ()) == (7, 4)
    assert (await read_conditions(pool))["exe"].failing_hosts == ("exe.test",)
    assert await read_waiting_jobs(pool) == {"exe": 1}
    await ProviderSlots(pool, Catalog([]), lease_seconds=30).grant_lost()
    queued = [UUID(bytes=row["payload"]) for row in await pool.fetch("SELECT payload FROM pgqueuer")]
    assert queued == [WAITING]


RELATIONS = "SELECT relname AS name FROM pg_class"
CONSTRAINTS = "SELECT conname FROM pg_constraint WHERE contype <> 'n'"  # PostgreSQL 18 keeps names of NOT NULL
COLUMNS = "SELECT attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relkind = 'r'"
OLD_NAMES = ("provider_place", "provider_pace", "streak", "by_hand", "webhook_deliveries_again")


async def test_names_are_new(pool: Pool) -> None:
    """No relation, constraint or column keeps an old name."""
    rows = await pool.fetch(f"{RELATIONS} UNION {CONSTRAINTS} UNION {COLUMNS}")
    assert [row["name"] for row in rows if row["name"].startswith(OLD_NAMES)] == []
