"""The secrets that sign the webhooks of a key."""

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

import msgspec
from cryptography.fernet import InvalidToken

from linkskipper.accounts import queries, tokens
from linkskipper.accounts.encryption import Keyring
from linkskipper.database import Connection, Pool
from linkskipper.errors import UnknownRecordError

CACHE_SIZE = 10_000  # decrypting a secret takes longer than signing with it


class NewWebhookSecret(msgspec.Struct, frozen=True):
    """A new webhook secret of key `id`. This is the only time that the secret can be read."""

    id: int
    webhook_secret: str


async def roll_webhook_secret(
    database: "Pool | Connection", keyring: Keyring, key_id: int, *, grace: timedelta
) -> NewWebhookSecret:
    """Give a key a new webhook secret. During `grace`, the old secret signs too.

    Raises:
        UnknownRecordError: the key does not exist or is revoked.
    """
    secret = tokens.new_webhook_secret()
    if await database.fetchval(queries.ROLL_SIGNING_KEY, key_id, keyring.encrypt(secret), grace) is None:
        raise UnknownRecordError.of(f"Key {key_id}", "keys", "does not exist or is revoked")
    return NewWebhookSecret(key_id, secret)


class WebhookSecrets:
    """Read the webhook secrets of keys, the newest first."""

    def __init__(self, pool: Pool, keyring: Keyring) -> None:
        self._pool = pool
        self._decrypt = lru_cache(CACHE_SIZE)(keyring.decrypt)

    async def read(self, key_ids: Iterable[int]) -> dict[int, list[str]]:
        """Return the secrets by key id. A key without a readable secret is left out."""
        rows = await self._pool.fetch(queries.SIGNING_KEYS, list(set(key_ids)))
        secrets = {row["id"]: self._decrypt_all(row["secrets"]) for row in rows}
        return {key_id: readable for key_id, readable in secrets.items() if readable}

    def _decrypt_all(self, encrypted: Iterable[bytes | None]) -> list[str]:
        decrypted = (self._decrypt_or_none(token) for token in encrypted if token is not None)
        return [secret for secret in decrypted if secret is not None]

    def _decrypt_or_none(self, token: bytes) -> str | None:
        """Decrypt a secret. Return None if another service secret encrypted it."""
        try:
            return self._decrypt(token)
        except InvalidToken:
            return None
