"""Create, list, roll and revoke API keys. Pass a connection to do so in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import msgspec

from linkskipper.accounts import queries, tokens
from linkskipper.accounts.encryption import Keyring
from linkskipper.database import Connection, Pool
from linkskipper.errors import UnknownRecordError

SCOPES = ("resolve",)
DEFAULT_RATE_LIMIT = 60  # calls in any 60 seconds
MAX_RATE_LIMIT = 1_000_000
MAX_DAILY_QUOTA = 2**31 - 1  # the largest number of its column


class ApiKey(msgspec.Struct, frozen=True):
    """An authenticated key and its limits: `rate_limit` in calls per 60 seconds, `daily_quota` in resolves per day."""

    id: int
    account_id: int
    name: str
    scopes: tuple[str, ...]
    rate_limit: int
    daily_quota: int | None


class KeyInfo(msgspec.Struct, frozen=True):
    """A key without the parts that are secret."""

    id: int
    account_id: int
    name: str
    prefix: str
    last_four: str
    scopes: tuple[str, ...]
    rate_limit: int
    daily_quota: int | None
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewKey(msgspec.Struct, frozen=True):
    """A new key. This is the only time that the key and its webhook secret can be read."""

    id: int
    key: str
    webhook_secret: str


async def create_key(
    database: "Pool | Connection",
    keyring: Keyring,
    account_id: int,
    *,
    name: str,
    scopes: Sequence[str] = SCOPES,
    rate_limit: int = DEFAULT_RATE_LIMIT,
    daily_quota: int | None = None,
) -> NewKey:
    """Create a key for an account.

    Raises:
        UnknownRecordError: the account does not exist.
    """
    key, webhook_secret = tokens.new_key(), tokens.new_webhook_secret()
    try:
        key_id: int = await database.fetchval(
            queries.CREATE_KEY,
            account_id,
            name,
            keyring.hash(key),
            key[: tokens.DISPLAY_CHARACTERS],
            key[-4:],
            keyring.encrypt(webhook_secret),
            list(scopes),
            rate_limit,
            daily_quota,
        )
    except asyncpg.ForeignKeyViolationError:
        raise UnknownRecordError.of(f"Account {account_id}", "accounts") from None
    return NewKey(key_id, key, webhook_secret)


async def roll_key(database: "Pool | Connection", keyring: Keyring, key_id: int, *, grace: timedelta) -> NewKey:
    """Give a key a new value. The old value works during `grace`.

    The key keeps its id, jobs, idempotency keys, limits, quota and webhook secret. An older value that is still in
    its grace time stops working now.

    Raises:
        UnknownRecordError: the key does not exist or is revoked.
    """
    key = tokens.new_key()
    encrypted: bytes | None = await database.fetchval(
        queries.ROLL_KEY, key_id, keyring.hash(key), key[: tokens.DISPLAY_CHARACTERS], key[-4:], grace
    )
    if encrypted is None:
        raise UnknownRecordError.of(f"Key {key_id}", "keys", "does not exist or is revoked")
    return NewKey(key_id, key, keyring.decrypt(encrypted))


async def list_keys(pool: Pool, account_id: int | None = None) -> list[KeyInfo]:
    """List all keys or the keys of one account, oldest first."""
    return [KeyInfo(**row) for row in await pool.fetch(queries.KEYS, account_id)]


async def revoke_key(database: "Pool | Connection", key_id: int) -> None:
    """Revoke a key permanently. Every process refuses it within a second.

    Raises:
        UnknownRecordError: the key does not exist.
    """
    if await database.fetchval(queries.REVOKE, key_id) is None:
        raise UnknownRecordError.of(f"Key {key_id}", "keys")
