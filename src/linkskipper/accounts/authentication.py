"""Authenticate API calls: from an Authorization header to an ApiKey."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from linkskipper.accounts import queries, tokens
from linkskipper.accounts.api_keys import ApiKey
from linkskipper.accounts.encryption import Keyring
from linkskipper.database import Pool
from linkskipper.database.batching import batched
from linkskipper.errors import InvalidKey
from linkskipper.periodic import Periodic

FLUSH_SECONDS = 5
CACHE_SECONDS = 0.8  # a revoked key must stop working within a second
CACHE_SIZE = 10_000
INVALID_KEY_DETAIL = "Send a valid key as Authorization: Bearer sk_live_…"


class Authenticator:
    """Check keys against the database, each key about once a second."""

    def __init__(self, pool: Pool, keyring: Keyring, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._keyring = keyring
        self._clock = clock
        self._cache: dict[str, tuple[float, ApiKey]] = {}
        self._last_used: dict[int, datetime] = {}

    async def authenticate(self, authorization: str | None) -> ApiKey:
        """Return the key in an Authorization header.

        Raises:
            InvalidKey: the key is missing, malformed, unknown or revoked. The error does not say which.
        """
        key = self.parse_header(authorization)
        return self.from_cache(key) or await self.from_database(key)

    def parse_header(self, authorization: str | None) -> str:
        """Return the well-formed key in an Authorization header. The key may be unknown.

        Raises:
            InvalidKey: the header has no well-formed key.
        """
        scheme, _, key = (authorization or "").partition(" ")
        # A cached key passed this check before.
        if scheme.lower() != "bearer" or not (key in self._cache or tokens.well_formed(key := key.strip())):
            raise InvalidKey(INVALID_KEY_DETAIL)
        return key

    def from_cache(self, key: str) -> ApiKey | None:
        """Return a key that was valid less than a second ago, or None."""
        entry = self._cache.get(key)
        return None if entry is None or entry[0] <= self._clock() else entry[1]

    async def from_database(self, key: str) -> ApiKey:
        """Look a key up in the database.

        Raises:
            InvalidKey: the key is unknown or revoked.
        """
        api_key = await self._find(self._keyring.hash(key))
        if api_key is None:
            self._cache.pop(key, None)
            raise InvalidKey(INVALID_KEY_DETAIL)
        self._store(key, api_key)
        self._last_used[api_key.id] = datetime.now(UTC)
        return api_key

    def periodic(self) -> Periodic:
        """Return the flushing of `last_used_at` to repeat."""
        return Periodic("api_keys.flush_last_used", self.flush_last_used, every=FLUSH_SECONDS)

    async def flush_last_used(self) -> None:
        """Write the `last_used_at` of the keys seen since the last call. The request path never waits for this."""
        last_used, self._last_used = self._last_used, {}
        if not last_used:
            return
        try:
            await self._pool.execute(queries.SET_LAST_USED, list(last_used), list(last_used.values()))
        except BaseException:
            self._last_used = last_used | self._last_used
            raise

    @batched()
    async def _find(self, hashes: list[bytes]) -> list[ApiKey | None]:
        """Find keys by their hashes, in the order of the hashes."""
        rows = await self._pool.fetch(queries.AUTHENTICATE, hashes)
        by_hash = {
            row["matched_hash"]: ApiKey(
                id=row["id"],
                account_id=row["account_id"],
                name=row["name"],
                scopes=tuple(row["scopes"]),
                rate_limit=row["rate_limit"],
                daily_quota=row["daily_quota"],
            )
            for row in rows
        }
        return [by_hash.get(key_hash) for key_hash in hashes]

    def _store(self, key: str, api_key: ApiKey) -> None:
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        self._cache[key] = (self._clock() + CACHE_SECONDS, api_key)
