"""The secrets that sign what a key's webhooks are sent."""

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

import msgspec
from cryptography.fernet import InvalidToken

from linkskipper.accounts import queries, tokens
from linkskipper.accounts.encryption import Keyring
from linkskipper.database import Pool
from linkskipper.errors import UnknownRecordError

DECRYPTED = 10_000  # secrets kept in memory, as decrypting one takes longer than signing with it


class NewWebhookSecret(msgspec.Struct, frozen=True):
    """A webhook secret just made: the only time that it can be read."""

    id: int
    webhook_secret: str


async def roll_webhook_secret(pool: Pool, keyring: Keyring, key_id: int, *, grace: timedelta) -> NewWebhookSecret:
    """Give a key a new webhook secret; for the grace time the old one signs beside it.

    Raises:
        UnknownRecordError: there is no such key, or it is revoked.
    """
    secret = tokens.new_webhook_secret()
    if await pool.fetchval(queries.ROLL_SIGNING, key_id, keyring.encrypt(secret), grace) is None:
        raise UnknownRecordError(f"There is no valid key {key_id}: see linkskipper keys list.")
    return NewWebhookSecret(key_id, secret)


class WebhookSecrets:
    """Reads the secrets that sign for keys, the newest first."""

    def __init__(self, pool: Pool, keyring: Keyring) -> None:
        self._pool = pool
        self._decrypt = lru_cache(DECRYPTED)(keyring.decrypt)

    async def of(self, key_ids: Iterable[int]) -> dict[int, list[str]]:
        """The secrets of each key that this service's own secret has encrypted; a key that has none is left out."""
        found = {}
        for row in await self._pool.fetch(queries.SIGNING, list(set(key_ids))):
            if secrets := [secret for each in row["secrets"] if each is not None and (secret := self._read(each))]:
                found[row["id"]] = secrets
        return found

    def _read(self, encrypted: bytes) -> str | None:
        try:
            return self._decrypt(encrypted)
        except InvalidToken:
            return None
