"""Retention deletes old rows, keeps what is under way, and leaves the service working."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from linkskipper.accounts import Keyring, create_account, create_key
from linkskipper.database import Pool
from linkskipper.database.ids import first_id, new_id
from linkskipper.service.retention import prune
from linkskipper.settings import load
from support.factories import age_cached_link
from support.service import Service, fresh_link, run_service


async def age(service: Service, job_id: str, days: float) -> UUID:
    """Age a job and its idempotency key by a number of days. Return the job's new id."""
    old = UUID(int=first_id(datetime.now(UTC) - timedelta(days=days)).int | UUID(job_id).int & (1 << 80) - 1)
    await service.pool.execute("UPDATE jobs SET id = $2 WHERE id = $1", job_id, old)
    await service.pool.execute(
        "UPDATE idempotency_keys SET job_id = $2, created_at = now() - make_interval(secs => $3) WHERE job_id = $1",
        job_id,
        old,
        days * 86_400,
    )
    await service.pool.execute("UPDATE ledger SET job_id = $2 WHERE job_id = $1", job_id, old)
    return old


async def test_old_rows_go_the_ledger_stays(database_url: str, tmp_path: Path) -> None:
    """Old jobs, old idempotency keys and expired links are deleted. Other jobs and the ledger stay."""
    async with run_service(database_url, tmp_path, keep_days=30) as service:
        caller = await service.caller(credits=9)
        done = [
            (await caller.resolve(fresh_link(), wait=10, idempotency_key=str(number))).body["job_id"]
            for number in range(3)
        ]
        await age_cached_link(service.pool, done[0], timedelta(days=31))
        ancient = await age(service, done[0], days=31.5)
        outlived_its_key = await age(service, done[1], days=30.5)
        under_way = (await caller.resolve("https://slow.lab.test/20/x")).body["job_id"]
        kept = await age(service, under_way, days=40)
        removed = await prune(database_url, service.settings)
        assert {name: removed[name] for name in ("idempotency_keys", "jobs", "links")} == {
            "idempotency_keys": 2,
            "jobs": 1,
            "links": 1,
        }
        left = {row["id"] for row in await service.pool.fetch("SELECT id FROM jobs")}
        assert ancient not in left
        assert {outlived_its_key, UUID(done[2]), kept} <= left
        assert await service.pool.fetchval("SELECT count(*) FROM ledger WHERE kind = 'charge'") == 3
        assert (await caller.resolve(fresh_link(), idempotency_key="0")).status == 202
        assert (await caller.resolve(fresh_link(), idempotency_key="2")).body["job_id"] == done[2]


async def test_old_deliveries_go_unless_they_are_still_tried(pool: Pool, database_url: str) -> None:
    """Old deliveries and their attempts go. Pending ones stay, but at a paused host only if they are manual."""
    account = await create_account(pool, "test", credits=1)
    key = await create_key(pool, Keyring(b"secret"), account.id, name="test")
    await pool.execute(
        "INSERT INTO webhook_hosts (host, failures, failing_since, paused_at) VALUES ('live', 0, NULL, NULL),"
        " ('paused', 9, now() - interval '40 days', now() - interval '35 days'), ('idle', 0, NULL, NULL)"
    )
    old, young = (datetime.now(UTC) - timedelta(days=days) for days in (31, 29))
    kept = set()
    for host, status, manual, moment, stays in (
        ("live", "delivered", False, old, False),
        ("live", "failed", False, old, False),
        ("live", "failed", True, old, False),
        ("live", "pending", False, old, True),
        ("paused", "pending", False, old, False),
        ("paused", "pending", True, old, True),
        ("paused", "pending", False, young, True),
        ("live", "delivered", False, young, True),
    ):
        delivery = UUID(int=first_id(moment).int | new_id().int & (1 << 80) - 1)
        await pool.execute(
            "INSERT INTO webhook_deliveries"
            " (id, key_id, job_id, url, host, event, body, status, manual, next_attempt_at, ended_at)"
            " VALUES ($1, $2, $3, '', $4, '', '', $5, $6, CASE $5 WHEN 'pending' THEN now() END,"
            " CASE $5 WHEN 'pending' THEN NULL ELSE now() END)",
            *(delivery, key.id, new_id(), host, status, manual),
        )
        await pool.execute("INSERT INTO webhook_attempts VALUES ($1, 1, now(), 1, 200, NULL, '')", delivery)
        kept |= {delivery} if stays else set()
    assert (await prune(database_url, load(webhook_keep_days=30)))["webhooks"] == 4
    for table, column in (("webhook_deliveries", "id"), ("webhook_attempts", "delivery_id")):
        assert {row[column] for row in await pool.fetch(f"SELECT {column} FROM {table}")} == kept
    assert {row["host"] for row in await pool.fetch("SELECT host FROM webhook_hosts")} == {"live", "paused"}


def test_job_ids_are_ordered_by_time() -> None:
    """A job id is a UUID of version 7, between the first id of its time and the first one of a later time."""
    before = datetime.now(UTC)
    ids = [new_id() for _ in range(100)]
    after = datetime.now(UTC) + timedelta(milliseconds=1)
    assert all(first_id(before) <= job_id <= first_id(after) for job_id in ids)
    assert {(job_id.version, job_id.variant) for job_id in ids} == {(7, "specified in RFC 4122")}
    assert len(set(ids)) == 100
