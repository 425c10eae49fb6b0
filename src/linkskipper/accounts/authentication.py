"""Who is calling: from an Authorization header to an ApiKey."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from linkskipper.accounts import queries, tokens
from linkskipper.accounts.api_keys import ApiKey
from linkskipper.accounts.encryption import Keyring
from linkskipper.database import Pool
from linkskipper.database.batching import Batcher
from linkskipper.errors import InvalidKey

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
        self._find = Batcher(self._find_all)

    async def authenticate(self, authorization: str | None) -> ApiKey:
        """The key that an Authorization header shows.

        Raises:
            InvalidKey: it is missing, malformed, unknown or revoked; the answer does not say which.
        """
        key = self.read(authorization)
        return self.recall(key) or await self.look_up(key)

    def read(self, authorization: str | None) -> str:
        """The well-formed key in an Authorization header, known or not.

        Raises:
            InvalidKey: there is none.
        """
        scheme, _, key = (authorization or "").partition(" ")
        # One that is remembered has been through this before.
        if scheme.lower() != "bearer" or not (key in self._remembered or tokens.well_formed(key := key.strip())):
            raise InvalidKey(ADVICE)
        return key

    def recall(self, key: str) -> ApiKey | None:
        """A key that was found valid within the last second; None if it has to be looked up."""
        known = self._remembered.get(key)
        if known is None or known[0] <= self._clock():
            return None
        self._used[known[1].id] = datetime.now(UTC)
        return known[1]

    async def look_up(self, key: str) -> ApiKey:
        """Ask the database for a key.

        Raises:
            InvalidKey: it is unknown or revoked.
        """
        found = await self._find(self._keyring.hash(key))
        if found is None:
            self._remembered.pop(key, None)
            raise InvalidKey(ADVICE)
        self._remember(key, (self._clock() + REMEMBERED_SECONDS, found))
        self._used[found.id] = datetime.now(UTC)
        return found

    async def _find_all(self, hashes: list[bytes]) -> list[ApiKey | None]:
        """Look up all at once; what comes in with a busy key while that is looked up shares the next statement."""
        rows = await self._pool.fetch(queries.AUTHENTICATE, hashes)
        found = {
            row["shown"]: ApiKey(
                id=row["id"],
                account_id=row["account_id"],
                name=row["name"],
                scopes=tuple(row["scopes"]),
                rate_limit=row["rate_limit"],
                daily_quota=row["daily_quota"],
            )
            for row in rows
        }
        return [found.get(each) for each in hashes]

    async def note_use(self) -> None:
        """Write down when the keys seen since the last call were used; called now and then, off the request path."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._pool.execute(queries.USED, list(used), list(used.values()))
        except BaseException:
            self._used = used | self._used
            raise

    def _remember(self, key: str, known: tuple[float, ApiKey]) -> None:
        if len(self._remembered) >= REMEMBERED_KEYS:
            self._remembered.clear()
        self._remembered[key] = known
