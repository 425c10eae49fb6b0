"""Change the password and the second factor of a user. Each change ends the user's other sessions."""

from linkskipper.audit import AuditEntry, record
from linkskipper.database import Pool
from linkskipper.errors import SignInRefused
from linkskipper.people import queries
from linkskipper.people.passwords import MAX_CHARACTERS, MIN_CHARACTERS, Passwords
from linkskipper.people.second_factor import SecondFactor
from linkskipper.people.sessions import Session, Sessions, end_sessions

WRONG_CODE = "This code is wrong. Check the clock of your phone, and type the newest code."


class Credentials:
    """Changes of the user of a session. The session itself goes on under a new id, which each method returns."""

    def __init__(self, pool: Pool, sessions: Sessions, passwords: Passwords, second_factor: SecondFactor) -> None:
        self._pool = pool
        self._sessions = sessions
        self._passwords = passwords
        self._second_factor = second_factor

    async def set_password(self, session: Session, password: str, entry: AuditEntry) -> str | None:
        """Set the password.

        Raises:
            SignInRefused: it is too short or too long.
        """
        if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
            raise SignInRefused(f"Choose a password of {MIN_CHARACTERS} to {MAX_CHARACTERS} characters.")
        password_hash = await self._passwords.hash(password)
        user_id = _user_id(session)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(queries.SET_PASSWORD_HASH, user_id, password_hash)
            await end_sessions(connection, user_id, keep=session.id)
            await record(connection, entry)
        return await self._renew(session)

    async def enable_second_factor(
        self, session: Session, secret: str, code: str, entry: AuditEntry
    ) -> tuple[str | None, list[str]]:
        """Require codes of a secret from now on. Return recovery codes too.

        Raises:
            SignInRefused: the code does not prove that the user has the secret.
        """
        step = self._second_factor.matching_step(secret, code)
        if step is None:
            raise SignInRefused(WRONG_CODE)
        user_id = _user_id(session)
        async with self._pool.acquire() as connection, connection.transaction():
            codes = await self._second_factor.enable(connection, user_id, secret, step)
            await end_sessions(connection, user_id, keep=session.id)
            await record(connection, entry)
        return await self._renew(session), codes

    async def disable_second_factor(self, session: Session, entry: AuditEntry) -> str | None:
        """Require no codes any more."""
        user_id = _user_id(session)
        async with self._pool.acquire() as connection, connection.transaction():
            await self._second_factor.disable(connection, user_id)
            await end_sessions(connection, user_id, keep=session.id)
            await record(connection, entry)
        return await self._renew(session)

    async def _renew(self, session: Session) -> str | None:
        self._sessions.forget_all()
        return await self._sessions.prove(session)


def _user_id(session: Session) -> int:
    if session.user_id is None:
        raise SignInRefused("A session of an API key has no password and no second factor.")
    return session.user_id
