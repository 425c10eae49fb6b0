"""The second factor: one-time codes of an authenticator app (RFC 6238), and recovery codes."""

import hmac
import time
from collections.abc import Callable

import pyotp

from linkskipper.accounts import Keyring
from linkskipper.database import Connection, Pool
from linkskipper.people import queries
from linkskipper.people.codes import hash_recovery_code, new_recovery_code

STEP_SECONDS = 30
DRIFT_STEPS = 1  # a code of the step before or after is accepted
CODE_DIGITS = 6
RECOVERY_CODES = 10
ISSUER = "Link Skipper"


class SecondFactor:
    """Enrol users, and check their codes."""

    def __init__(self, pool: Pool, keyring: Keyring, *, clock: Callable[[], float] = time.time) -> None:
        self._pool = pool
        self._keyring = keyring
        self._clock = clock

    def new_secret(self) -> str:
        """Make a secret for an authenticator app."""
        return pyotp.random_base32()

    def provisioning_uri(self, secret: str, user_name: str) -> str:
        """Return the URI that an authenticator app reads from a QR code."""
        return pyotp.TOTP(secret).provisioning_uri(name=user_name, issuer_name=ISSUER)

    def matching_step(self, secret: str, code: str) -> int | None:
        """Return the time step whose code was typed, or None if no step within DRIFT_STEPS has that code."""
        digits = "".join(code.split())
        if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdigit()):
            return None
        totp = pyotp.TOTP(secret)
        now = int(self._clock()) // STEP_SECONDS
        for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
            if hmac.compare_digest(totp.generate_otp(step), digits):
                return step
        return None

    async def verify(self, user_id: int, encrypted_secret: bytes, code: str) -> bool:
        """Check a code of a user, and use it up. Recovery codes are accepted too."""
        step = self.matching_step(self._keyring.decrypt(encrypted_secret), code)
        if step is not None:
            return await self._pool.fetchval(queries.USE_TOTP_STEP, user_id, step) is not None
        return await self._pool.fetchval(queries.USE_RECOVERY_CODE, user_id, hash_recovery_code(code)) is not None

    async def enable(self, connection: Connection, user_id: int, secret: str, step: int) -> list[str]:
        """Require codes of a secret from now on. `step` is that of the code that proved it. Return recovery codes."""
        await connection.execute(queries.SET_TOTP, user_id, self._keyring.encrypt(secret), step)
        return await self.replace_recovery_codes(connection, user_id)

    async def disable(self, connection: Connection, user_id: int) -> None:
        """Require no codes any more."""
        await connection.execute(queries.SET_TOTP, user_id, None, None)
        await connection.execute(queries.DELETE_RECOVERY_CODES, user_id)

    async def replace_recovery_codes(self, connection: Connection, user_id: int) -> list[str]:
        """Replace the recovery codes of a user. This is the only time that the new ones can be read."""
        codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
        await connection.execute(queries.DELETE_RECOVERY_CODES, user_id)
        await connection.execute(queries.ADD_RECOVERY_CODES, user_id, [hash_recovery_code(code) for code in codes])
        return codes


async def count_recovery_codes(pool: Pool, user_id: int) -> int:
    """Return the number of recovery codes that a user has left."""
    return int(await pool.fetchval(queries.COUNT_RECOVERY_CODES, user_id))
