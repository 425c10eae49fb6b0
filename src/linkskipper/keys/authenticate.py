"""Who is calling: from an Authorization header to an ApiKey."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from linkskipper.errors import InvalidKey
from linkskipper.keys import queries, tokens
from linkskipper.keys.api_keys import ApiKey
from linkskipper.keys.secrets import Keyring
from linkskipper.storage import Pool

REMEMBERED_SECONDS = 0.8  # a revoked key must stop working within a second
REMEMBERED_KEYS = 10_000
ADVICE = "Send a valid key as Authorization: Bearer sk_live_…"


class Authenticator:
    """Checks keys, each at most about once a second against the database."""

    def __init__(self, pool: Pool, keyring: Keyring, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._keyring = keyring
        self._clock = clock
        self._remembered: dict[str, tuple[float, ApiKey]] = {}
        self._used: dict[int, datetime] = {}

    async def authenticate(self, authorization: str | None) -> ApiKey:
        """The key that an Authorization header shows.

        Raises:
            InvalidKey: it is missing, malformed, unknown or revoked; the answer does not say which.
        """
        scheme, _, key = (authorization or "").partition(" ")
        known = self._remembered.get(key)
        now = self._clock()
        if known is None or known[0] <= now or scheme.lower() != "bearer":
            known = (now + REMEMBERED_SECONDS, await self._look_up(scheme, key.strip()))
            self._remember(key, known)
        self._used[known[1].id] = datetime.now(UTC)
        return known[1]

    async def note_use(self) -> None:
        """Write down when the keys seen since the last call were used; called now and then, off the request path."""
        used, self._used = self._used, {}
        if used:
            await self._pool.execute(queries.USED, list(used), list(used.values()))

    async def _look_up(self, scheme: str, key: str) -> ApiKey:
        if scheme.lower() != "bearer" or not tokens.well_formed(key):
            raise InvalidKey(ADVICE)
        row = await self._pool.fetchrow(queries.AUTHENTICATE, self._keyring.hash(key))
        if row is None:
            raise InvalidKey(ADVICE)
        return ApiKey(**{**row, "scopes": tuple(row["scopes"])})

    def _remember(self, key: str, known: tuple[float, ApiKey]) -> None:
        if len(self._remembered) >= REMEMBERED_KEYS:
            self._remembered.clear()
        self._remembered[key] = known
