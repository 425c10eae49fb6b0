"""Jobs of version 0.1 that are under way during the upgrade end, with single flight as before."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from linkskipper.database.ids import new_id
from linkskipper.database.schema import upgrade
from linkskipper.queue import QueuedJob, enqueue_jobs, install_queue
from linkskipper.service.migrate import migrate
from support.service import Caller, fresh_link, named, run_service

OLD = "0004"


@asynccontextmanager
async def old_database(server_url: str, name: str) -> AsyncIterator[tuple[str, Any]]:
    """Provide a database with the schema of version 0.1, and a connection to it."""
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE DATABASE {name}")
    url = named(server_url, name)
    connection = await asyncpg.connect(url)
    try:
        await upgrade(connection, to=OLD)
        await install_queue(connection)
        yield url, connection
    finally:
        await connection.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


class OldJobs:
    """Makes rows as version 0.1 did."""

    def __init__(self, connection: Any, account_id: int, key_id: int) -> None:
        self._connection = connection
        self._account_id = account_id
        self._key_id = key_id

    async def add(self, text: str, *, link: str | None = None, queued: bool = True, running: bool = False) -> UUID:
        """Add a job in progress, with its credits held."""
        job_id = new_id()
        await self._connection.execute(
            "INSERT INTO jobs (id, account_id, key_id, url, link, provider, tier, cost, queue_position, status,"
            " attempt, lease)"
            " VALUES ($1, $2, $3, $4, sha256(convert_to($5, 'UTF8')), 'lab-bulk', 'standard', 1, 1, $6, $7, $8)",
            *(job_id, self._account_id, self._key_id, text, link or text),
            *("running" if running else "queued", int(running), uuid4() if running else None),
        )
        await self._connection.execute("UPDATE accounts SET held = held + 1 WHERE id = $1", self._account_id)
        if queued:
            await enqueue_jobs(self._connection, [QueuedJob("standard", job_id)])
        return job_id

    async def flight(self, job_id: UUID, *passengers: UUID) -> None:
        """Let a job lead its link for others."""
        await self._connection.execute("INSERT INTO flights SELECT link, id FROM jobs WHERE id = $1", job_id)
        for passenger in passengers:
            await self._connection.execute("INSERT INTO passengers SELECT link, id FROM jobs WHERE id = $1", passenger)


async def until_ended(caller: Caller, *job_ids: UUID) -> list[tuple[str, int]]:
    jobs = [await caller.finished(str(job_id)) for job_id in job_ids]
    return [(job["status"], job["credits_charged"]) for job in jobs]


async def test_jobs_under_way_end(server_url: str, tmp_path: Path) -> None:
    """Leaders, passengers, jobs not begun yet and links read from prose all end, and each link is paid once."""
    async with old_database(server_url, "under_way") as (url, connection):
        account_id, old = await old_account(connection)
        flown, waiting, prose = fresh_link(), fresh_link(), fresh_link()
        leader = await old.add(flown, running=True)
        passengers = [await old.add(flown, queued=False) for _ in range(2)]
        await old.flight(leader, *passengers)
        late = await old.add(flown)
        not_begun = [await old.add(waiting) for _ in range(3)]
        in_prose = await old.add(f"see {prose}, please", link=prose)
        misread = await old.add(f"see {fresh_link()}, please", link=fresh_link())
        ended = await old.add(fresh_link())
        await old.flight(ended)
        await connection.execute(
            "UPDATE jobs SET status = 'done', target_url = 'https://example.com/', credits_charged = 1 WHERE id = $1",
            ended,
        )
        await connection.execute("UPDATE accounts SET balance = balance - 1, held = held - 1")
        await connection.execute(
            "INSERT INTO ledger (account_id, kind, amount, job_id) VALUES ($1, 'take', -1, $2)", account_id, ended
        )
        await migrate(url)
        async with run_service(url, tmp_path, lease_seconds=1) as service:
            caller = await service.caller(account_id=account_id)
            await service.pool.execute("UPDATE jobs SET key_id = $1", caller.key_id)
            assert await until_ended(caller, leader, *passengers, late) == [("done", 1), *[("done", 0)] * 3]
            assert sorted(await until_ended(caller, *not_begun)) == [("done", 0), ("done", 0), ("done", 1)]
            assert await until_ended(caller, in_prose, misread) == [("done", 1), ("failed", 0)]
            text = await service.pool.fetchval("SELECT url FROM jobs WHERE id = $1", ended)
            assert (await caller.resolve(text, wait=10)).body["credits_charged"] == 1
            row = await service.pool.fetchrow(
                "SELECT balance, held, (SELECT sum(amount) FROM ledger) AS total,"
                " (SELECT count(*) FROM inflight_links) AS in_flight FROM accounts WHERE id = $1",
                account_id,
            )
        assert dict(row or {}) == {"balance": 20 - 5, "held": 0, "total": 20 - 5, "in_flight": 0}


async def test_ledger_and_cache_are_taken_over(server_url: str) -> None:
    """Ledger kinds get their new names, and a target that was cached under another link's name is dropped."""
    async with old_database(server_url, "ledger_and_cache") as (url, connection):
        account_id, _ = await old_account(connection)
        await connection.execute(
            "INSERT INTO ledger (account_id, kind, amount, note) VALUES ($1, 'correction', 2, 'n')", account_id
        )
        insert = (
            "INSERT INTO links (link, url, target_url, provider, tier, expires_at) VALUES"
            " (sha256(convert_to($1, 'UTF8')), $2, 'https://example.com/', 'p', 'standard', now() + interval '1 day')"
        )
        await connection.execute(insert, "https://bulk.lab.test/a", "https://bulk.lab.test/a")
        await connection.execute(insert, "https://bulk.lab.test/b", "https://evil.test/")
        await migrate(url)
        kinds = await connection.fetch("SELECT kind FROM ledger ORDER BY id")
        assert [row["kind"] for row in kinds] == ["grant", "adjustment"]
        urls = await connection.fetch("SELECT canonical_url FROM cached_links")
        assert [row["canonical_url"] for row in urls] == ["https://bulk.lab.test/a"]


async def old_account(connection: Any) -> tuple[int, OldJobs]:
    """Make an account with 20 credits and a key."""
    account_id = await connection.fetchval("INSERT INTO accounts (name, balance) VALUES ('old', 20) RETURNING id")
    await connection.execute("INSERT INTO ledger (account_id, kind, amount) VALUES ($1, 'grant', 20)", account_id)
    key_id = await connection.fetchval(
        "INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)"
        " VALUES ($1, 'old', '', 'sk_live_old', 'last', '', '{resolve}', 60) RETURNING id",
        account_id,
    )
    return account_id, OldJobs(connection, account_id, key_id)
