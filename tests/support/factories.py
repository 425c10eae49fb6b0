"""Make rows of rooms that a test is not about, through the functions of those rooms wherever they have one."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from linkskipper import credits
from linkskipper.accounts import Keyring, create_account, create_key
from linkskipper.database import Pool
from linkskipper.jobs import queries as job_queries
from linkskipper.link_cache import CachedLink, LinkCache

KEYRING = Keyring(b"the secret of the tests' factories")
DAY = timedelta(days=1)


async def make_keys(pool: Pool, count: int, *, keyring: Keyring = KEYRING, **options: Any) -> list[int]:
    """Make API keys of one new account. Return their ids."""
    account = await create_account(pool, "test", credits=0)
    return [(await create_key(pool, keyring, account.id, name="test", **options)).id for _ in range(count)]


async def make_key(pool: Pool, *, keyring: Keyring = KEYRING, **options: Any) -> int:
    """Make an API key of a new account. Return its id."""
    (key_id,) = await make_keys(pool, 1, keyring=keyring, **options)
    return key_id


async def set_webhook_secrets(pool: Pool, key_id: int, *, current: bytes, previous: bytes | None = None) -> None:
    """Replace the encrypted webhook secrets of a key. A previous secret is valid for an hour."""
    await pool.execute(
        "UPDATE api_keys SET webhook_secret = $2, previous_webhook_secret = $3,"
        " previous_webhook_until = CASE WHEN $3::bytea IS NOT NULL THEN now() + interval '1 hour' END WHERE id = $1",
        *(key_id, current, previous),
    )


async def grant(pool: Pool, account_id: int, amount: int) -> None:
    """Grant credits to an account."""
    async with pool.acquire() as connection, connection.transaction():
        await credits.grant(connection, account_id, amount)


async def set_profile(pool: Pool, account_id: int, *, telegram_id: int, subscription_until: str) -> None:
    """Set the fields of an account that only the hosted service fills."""
    await pool.execute(
        "UPDATE accounts SET telegram_id = $2, subscription_until = $3::text::timestamptz WHERE id = $1",
        *(account_id, telegram_id, subscription_until),
    )


async def start_attempt(pool: Pool, job_id: UUID | str) -> UUID:
    """Begin an attempt at a job as a worker does. Return its lease."""
    lease = uuid4()
    (row,) = await pool.fetch(job_queries.START, [UUID(str(job_id))], [lease])
    assert row["lease"] == lease
    return lease


async def cache_target(pool: Pool, job_id: UUID | str, target_url: str | None) -> None:
    """Cache the link of a job with a target, or (None) as removed."""
    job = await pool.fetchrow(
        "SELECT link_hash, canonical_url, provider, tier FROM jobs WHERE id = $1", UUID(str(job_id))
    )
    assert job is not None
    await _store(pool, CachedLink(**{**job, "target_url": target_url}))


async def mark_removed(pool: Pool, canonical_url: str) -> None:
    """Change a cached link to a removed one."""
    row = await pool.fetchrow(
        "SELECT link_hash, canonical_url, target_url, provider, tier FROM cached_links WHERE canonical_url = $1",
        canonical_url,
    )
    assert row is not None
    await _store(pool, CachedLink(**{**row, "target_url": None}))


async def _store(pool: Pool, link: CachedLink) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await LinkCache(pool, keep_resolved=DAY, keep_removed=DAY).store(connection, [link])


async def age_cached_link(pool: Pool, job_id: UUID | str, time: timedelta) -> None:
    """Let the cached link of a job expire earlier."""
    await pool.execute(
        "UPDATE cached_links SET expires_at = expires_at - $2::interval WHERE link_hash IN"
        " (SELECT link_hash FROM jobs WHERE id = $1)",
        *(UUID(str(job_id)), time),
    )


async def make_jobs(pool: Pool, key_id: int, statuses: Sequence[str]) -> list[UUID]:
    """Make a job of a key with each of these statuses. Return their ids, the oldest first."""
    rows = await pool.fetch(
        "INSERT INTO jobs (id, account_id, key_id, url, link_hash, provider, tier, price, queue_position, status,"
        " target_url, reason)"
        " SELECT uuidv7(number * interval '1 ms'), account_id, api_keys.id, 'https://lab.test/', 'hash', 'lab',"
        " 'standard', 1, 1, status, CASE status WHEN 'done' THEN 'https://example.com/' END,"
        " CASE status WHEN 'failed' THEN 'timeout' END"
        " FROM unnest($2::text[]) WITH ORDINALITY AS new (status, number) JOIN api_keys ON api_keys.id = $1"
        " RETURNING jobs.id",
        *(key_id, statuses),
    )
    return sorted(row["id"] for row in rows)


async def make_hostile_jobs(pool: Pool, key_id: int, texts: Sequence[str]) -> list[UUID]:
    """Make ended jobs of a key in which every text is one of these. Return their ids, the oldest first."""
    rows = await pool.fetch(
        "INSERT INTO jobs (id, account_id, key_id, url, canonical_url, link_hash, provider, tier, price,"
        " queue_position, status, target_url, reason, hops, webhook_url, finished_at)"
        " SELECT uuidv7(number * interval '1 ms'), account_id, api_keys.id, text, text, 'hash', text, 'standard', 1, 1,"
        " CASE WHEN number % 2 = 0 THEN 'done' ELSE 'failed' END,"
        " CASE WHEN number % 2 = 0 THEN text END, CASE WHEN number % 2 = 1 THEN text END,"
        " jsonb_build_array(jsonb_build_object('url', text, 'mechanism', 'form', 'status', 200, 'milliseconds', 1)),"
        " text, now()"
        " FROM unnest($2::text[]) WITH ORDINALITY AS new (text, number) JOIN api_keys ON api_keys.id = $1"
        " RETURNING jobs.id",
        *(key_id, texts),
    )
    return sorted(row["id"] for row in rows)
