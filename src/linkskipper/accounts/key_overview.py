"""API keys as the members of their account see and change them."""

from datetime import UTC, datetime

import msgspec

from linkskipper.accounts import queries
from linkskipper.database import Connection, Pool

MAX_KEYS = 500  # of an account in a list


class KeyOverview(msgspec.Struct, frozen=True):
    """A key without the parts that are secret. `previous_until` is the end of the grace time of a rolled value."""

    id: int
    account_id: int
    name: str
    prefix: str
    last_four: str
    scopes: list[str]
    rate_limit: int
    daily_quota: int | None
    used_today: int
    created_at: datetime
    last_used_at: datetime | None
    previous_until: datetime | None
    revoked_at: datetime | None


async def list_account_keys(pool: Pool, account_id: int) -> list[KeyOverview]:
    """List the newest MAX_KEYS keys of an account, valid ones first."""
    rows = await pool.fetch(queries.ACCOUNT_KEYS, account_id, datetime.now(UTC).date(), MAX_KEYS)
    return [KeyOverview(**row) for row in rows]


async def find_account_key(pool: Pool, account_id: int, key_id: int) -> KeyOverview | None:
    """Return a key of an account, or None if the account has no such key."""
    row = await pool.fetchrow(queries.ACCOUNT_KEY, account_id, datetime.now(UTC).date(), key_id)
    return None if row is None else KeyOverview(**row)


async def change_key(
    connection: Connection, account_id: int, key_id: int, *, name: str, rate_limit: int, daily_quota: int | None
) -> bool:
    """Change the name and the limits of a valid key. Return False if the account has no such key."""
    return await connection.fetchval(queries.CHANGE_KEY, account_id, key_id, name, rate_limit, daily_quota) is not None
