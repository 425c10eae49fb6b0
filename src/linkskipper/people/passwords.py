"""Passwords, hashed with argon2id."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARACTERS = 12
MAX_CHARACTERS = 256
CONCURRENT_HASHES = 2  # each takes 64 MiB and a core for 0.2 s


class Passwords:
    """Hash and check passwords in threads, CONCURRENT_HASHES at the same time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._slots = asyncio.Semaphore(CONCURRENT_HASHES)

    async def hash(self, password: str) -> str:
        """Return the hash to store."""
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Check a password. A missing hash takes as much time as a wrong password."""
        async with self._slots:
            return await asyncio.to_thread(_verify, self._hasher, password, password_hash)


def _verify(hasher: PasswordHasher, password: str, password_hash: str | None) -> bool:
    try:
        hasher.verify(password_hash or _decoy(hasher), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _decoy(hasher: PasswordHasher) -> str:
    """Return a hash that no user has."""
    return hasher.hash("no user has this password")
