"""Sessions of the dashboard: a random id in a cookie, and its hash in the database."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from linkskipper.database import Connection, Pool
from linkskipper.database.batch_delete import in_batches
from linkskipper.database.batching import batched
from linkskipper.people import queries
from linkskipper.people.codes import hash_code, new_token
from linkskipper.people.users import Role

CACHE_SECONDS = 0.8  # a session must end within a second
CACHE_SIZE = 10_000
IDLE, LIFETIME = timedelta(days=7), timedelta(days=30)
OPERATOR_IDLE, OPERATOR_LIFETIME = timedelta(hours=12), timedelta(days=7)
SEEN_EVERY = timedelta(minutes=1)
PROOF_LIFETIME = timedelta(minutes=10)
MAX_AGENT_CHARACTERS = 300
MAX_SESSIONS = 100  # of a person, or of a pasted key. One more ends the one that was not used for the longest time


class Session(msgspec.Struct, frozen=True):
    """A session of a user, or of a pasted API key (`user_id` and `role` are None). It is in one account at a time.

    An operator visits an account without a membership there, as its viewer.
    """

    id: int
    user_id: int | None
    user_name: str | None
    is_operator: bool
    has_password: bool
    has_totp: bool
    key_id: int | None
    key_name: str | None
    account_id: int
    account_name: str
    role: Role | None
    is_visiting: bool
    created_at: datetime
    last_seen_at: datetime
    proven_at: datetime

    @property
    def actor(self) -> str:
        """The name for the audit log."""
        return self.user_name if self.user_name is not None else f"key {self.key_id}"

    def recently_proven(self, now: datetime) -> bool:
        """Tell whether the person proved who they are less than PROOF_LIFETIME ago."""
        return self.user_id is not None and now - self.proven_at < PROOF_LIFETIME


class OpenSession(msgspec.Struct, frozen=True):
    """A session as its user sees it in a list."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str
    user_agent: str


class SignInOrigin(msgspec.Struct, frozen=True):
    """Where a sign-in comes from."""

    address: str
    user_agent: str


class Sessions:
    """Starts, finds and ends sessions. Each session is looked up about once a second."""

    def __init__(self, pool: Pool, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._cache: dict[bytes, tuple[float, Session]] = {}

    async def find(self, token: str | None) -> Session | None:
        """Return the session of a cookie, or None if it is unknown or has ended."""
        if not token:
            return None
        session_hash = hash_code(token)
        entry = self._cache.get(session_hash)
        if entry is not None and entry[0] > self._clock():
            return entry[1]
        session = await self._find.put(session_hash)
        if session is None:
            self._cache.pop(session_hash, None)
            return None
        await self._touch(session)
        self._store(session_hash, session)
        return session

    async def start_for_user(
        self, connection: Connection, user_id: int, origin: SignInOrigin, *, is_operator: bool
    ) -> str:
        """Start a session of a user in the user's first account. Return the id for the cookie."""
        account_id = await connection.fetchval(queries.FIRST_ACCOUNT, user_id)
        lifetime = OPERATOR_LIFETIME if is_operator else LIFETIME
        return await _start(connection, origin, user_id=user_id, account_id=account_id, lifetime=lifetime)

    async def start_for_key(self, key_id: int, account_id: int, key_hash: bytes, origin: SignInOrigin) -> str:
        """Start a session of an API key. Return the id for the cookie."""
        return await _start(
            self._pool, origin, key_id=key_id, key_hash=key_hash, account_id=account_id, lifetime=OPERATOR_LIFETIME
        )

    async def prove(self, session: Session) -> str | None:
        """Note that the person proved who they are. Return a new id for the cookie, None if the session has ended."""
        token = new_token()
        renewed = await self._pool.fetchval(queries.PROVE, session.id, hash_code(token))
        self._forget(session.id)
        return None if renewed is None else token

    async def switch_account(self, session: Session, account_id: int) -> str | None:
        """Move a session to another account. Return a new id for the cookie, None if the user may not.

        Operators may visit every account.
        """
        token = new_token()
        moved = await self._pool.fetchval(queries.SWITCH_ACCOUNT, session.id, account_id, hash_code(token))
        self._forget(session.id)
        return None if moved is None else token

    async def end(self, session: Session) -> None:
        """End a session."""
        await self._pool.execute(queries.END_SESSION, session.id)
        self._forget(session.id)

    async def end_of_user(self, user_id: int, session_id: int) -> bool:
        """End a session of a user. Return False if the user has no such session."""
        ended = await self._pool.fetchval(queries.END_SESSION_OF_USER, session_id, user_id)
        self._forget(session_id)
        return ended is not None

    def forget_all(self) -> None:
        """Look every session up again, because one of them has changed."""
        self._cache.clear()

    async def _touch(self, session: Session) -> None:
        if datetime.now(UTC) - session.last_seen_at > SEEN_EVERY:
            await self._pool.execute(queries.SEEN, session.id)

    @batched()
    async def _find(self, hashes: list[bytes]) -> list[Session | None]:
        """Find sessions by their hashes, in the order of the hashes."""
        rows = await self._pool.fetch(queries.FIND_SESSIONS, hashes, OPERATOR_IDLE, IDLE)
        by_hash = {row["hash"]: _session(row) for row in rows}
        return [by_hash.get(session_hash) for session_hash in hashes]

    def _store(self, session_hash: bytes, session: Session) -> None:
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        self._cache[session_hash] = (self._clock() + CACHE_SECONDS, session)

    def _forget(self, session_id: int) -> None:
        self._cache = {key: entry for key, entry in self._cache.items() if entry[1].id != session_id}


async def list_sessions(pool: Pool, user_id: int) -> list[OpenSession]:
    """List the sessions of a user, the last used first."""
    rows = await pool.fetch(queries.SESSIONS_OF_USER, user_id, OPERATOR_IDLE, IDLE, MAX_SESSIONS)
    return [OpenSession(**row) for row in rows]


async def end_sessions(connection: Connection, user_id: int, *, keep: int | None = None) -> None:
    """End the sessions of a user, except the one to keep, and the login links of the user."""
    await connection.execute(queries.END_SESSIONS_OF_USER, user_id, keep)
    await connection.execute(queries.DROP_LINKS_OF_USER, user_id)


async def prune_sessions(connection: Connection, *, batch: int) -> int:
    """Delete ended sessions and expired login links. Return the number of sessions deleted."""
    await connection.execute(queries.PRUNE_LOGIN_LINKS)
    return await in_batches(connection, queries.PRUNE_SESSIONS, OPERATOR_IDLE, IDLE, batch=batch)


async def _start(
    database: "Pool | Connection",
    origin: SignInOrigin,
    *,
    account_id: int,
    lifetime: timedelta,
    user_id: int | None = None,
    key_id: int | None = None,
    key_hash: bytes | None = None,
) -> str:
    token = new_token()
    agent = origin.user_agent[:MAX_AGENT_CHARACTERS]
    await database.execute(
        queries.START_SESSION,
        *(hash_code(token), user_id, key_id, key_hash, account_id, lifetime, origin.address, agent),
        MAX_SESSIONS - 1,
    )
    return token


def _session(row: asyncpg.Record) -> Session:
    fields = {name: row[name] for name in Session.__struct_fields__}
    return Session(**{**fields, "role": None if row["role"] is None else Role(row["role"])})
