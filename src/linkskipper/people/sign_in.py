"""Sign people in, and check a new proof of their identity."""

import asyncpg
import msgspec

from linkskipper.accounts import Authenticator, Keyring
from linkskipper.database import Pool
from linkskipper.errors import InvalidKey, SignInRefused
from linkskipper.people import queries
from linkskipper.people.login_links import use_login_link
from linkskipper.people.passwords import Passwords
from linkskipper.people.second_factor import SecondFactor
from linkskipper.people.sessions import Session, Sessions, SignInOrigin
from linkskipper.people.throttle import SignInThrottle
from linkskipper.people.users import get_user

WRONG_PASSWORD = "The name, the password or the code is wrong."  # noqa: S105 - a message
WRONG_LINK = "This link was used before or has expired. Make a new one with: linkskipper dashboard login"
WRONG_KEY = "This is not a valid API key of this service."
WRONG_PROOF = "The password or the code is wrong."


class Proof(msgspec.Struct, frozen=True):
    """A person's password with a code of the second factor, which may be empty, or the code of a one-time link."""

    password: str = ""
    code: str = ""
    link: str = ""


class SignIn:
    """The ways to sign in. Each one returns the id of a new session for the cookie."""

    def __init__(
        self,
        pool: Pool,
        *,
        keyring: Keyring,
        authenticator: Authenticator,
        sessions: Sessions,
        passwords: Passwords,
        second_factor: SecondFactor,
    ) -> None:
        self._pool = pool
        self._keyring = keyring
        self._authenticator = authenticator
        self._sessions = sessions
        self._passwords = passwords
        self._second_factor = second_factor
        self._throttle = SignInThrottle(pool)

    async def with_link(self, code: str, origin: SignInOrigin) -> str:
        """Sign in with the code of a one-time link.

        Raises:
            SignInRefused: the link is unknown, used or expired.
            TooManyAttempts: the address tried too often.
        """
        async with self._throttle.attempt(origin.address, None) as attempt:
            async with self._pool.acquire() as connection, connection.transaction():
                user_id = await use_login_link(connection, code)
            if user_id is None:
                raise SignInRefused(WRONG_LINK)
            attempt.succeeded = True
        return await self._start(user_id, origin)

    async def with_password(self, name: str, password: str, code: str, origin: SignInOrigin) -> str:
        """Sign in with name and password, and a code if the user has a second factor.

        Raises:
            SignInRefused: one of them is wrong. The error does not say which.
            TooManyAttempts: the name or the address failed too often.
        """
        async with self._throttle.attempt(origin.address, name) as attempt:
            user_id = await self._match(await self._pool.fetchrow(queries.CREDENTIALS, name), password, code)
            if user_id is None:
                raise SignInRefused(WRONG_PASSWORD)
            attempt.succeeded = True
        return await self._start(user_id, origin)

    async def with_key(self, key: str, origin: SignInOrigin) -> str:
        """Open a session that reads what an API key reads.

        Raises:
            SignInRefused: the key is malformed, unknown or revoked.
            TooManyAttempts: the address tried too often.
        """
        async with self._throttle.attempt(origin.address, None) as attempt:
            try:
                api_key = await self._authenticator.from_database(self._authenticator.parse_header(f"Bearer {key}"))
            except InvalidKey:
                raise SignInRefused(WRONG_KEY) from None
            attempt.succeeded = True
        key_hash = self._keyring.hash(key.strip())
        return await self._sessions.start_for_key(api_key.id, api_key.account_id, key_hash, origin)

    async def prove(self, session: Session, proof: Proof, origin: SignInOrigin) -> str:
        """Prove who the user of a session is. Return the new id of the session for the cookie.

        Raises:
            SignInRefused: the proof is wrong.
            TooManyAttempts: the user or the address failed too often.
        """
        async with self._throttle.attempt(origin.address, session.user_name) as attempt:
            if not (session.user_id and await self._is_proof(session.user_id, proof)):
                raise SignInRefused(WRONG_PROOF if session.has_password else WRONG_LINK)
            attempt.succeeded = True
        token = await self._sessions.prove(session)
        if token is None:
            raise SignInRefused("This session has ended. Sign in again.")
        return token

    async def _is_proof(self, user_id: int, proof: Proof) -> bool:
        if proof.link:
            async with self._pool.acquire() as connection, connection.transaction():
                return await use_login_link(connection, proof.link) == user_id
        user = await self._pool.fetchrow(queries.CREDENTIALS_BY_ID, user_id)
        return await self._match(user, proof.password, proof.code) == user_id

    async def _match(self, user: asyncpg.Record | None, password: str, code: str) -> int | None:
        """Return the id of the user whose password and code these are."""
        password_hash = None if user is None else user["password_hash"]
        if not await self._passwords.verify(password, password_hash) or user is None:
            return None
        secret = user["totp_secret"]
        is_complete = secret is None or await self._second_factor.verify(user["id"], secret, code)
        return user["id"] if is_complete else None

    async def _start(self, user_id: int, origin: SignInOrigin) -> str:
        user = await get_user(self._pool, user_id)
        async with self._pool.acquire() as connection:
            return await self._sessions.start_for_user(connection, user_id, origin, is_operator=user.is_operator)
