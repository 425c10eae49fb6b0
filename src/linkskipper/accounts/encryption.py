"""The service's own secret, and what it protects: key hashes and webhook secrets."""

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.fernet import Fernet

from linkskipper.errors import DataDirError, SettingsError
from linkskipper.settings import Settings

SECRET_BYTES = 32
MINIMUM_CHARACTERS = 32


class Keyring:
    """Hashes API keys and encrypts webhook secrets with keys derived from the service's secret."""

    def __init__(self, secret: bytes) -> None:
        self._hashing = hmac.digest(secret, b"api keys", sha256)
        self._fernet = Fernet(urlsafe_b64encode(hmac.digest(secret, b"webhook secrets", sha256)))

    def hash(self, key: str) -> bytes:
        """The keyed hash under which a key is stored: without the secret, a stolen table can't be guessed at."""
        return hmac.digest(self._hashing, key.encode(), sha256)

    def encrypt(self, text: str) -> bytes:
        """Encrypt for storage."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        """Undo encrypt.

        Raises:
            cryptography.fernet.InvalidToken: another secret encrypted it.
        """
        return self._fernet.decrypt(token).decode()


def load_keyring(settings: Settings) -> Keyring:
    """The keyring of LINKSKIPPER_SECRET_KEY, or else of a secret that the data directory keeps.

    Raises:
        SettingsError: the setting is too short to be a secret.
        DataDirError: the file cannot be read or made.
    """
    if settings.secret_key is None:
        return Keyring(_secret_in(settings.data_dir))
    given = settings.secret_key.get_secret_value()
    if len(given) < MINIMUM_CHARACTERS:
        raise SettingsError(f"LINKSKIPPER_SECRET_KEY: needs at least {MINIMUM_CHARACTERS} random characters.")
    return Keyring(given.encode())


def _secret_in(data_dir: Path) -> bytes:
    path = data_dir / "secret.key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        return path.read_bytes()
    except OSError as error:
        raise DataDirError(
            f"The secret {path} cannot be used ({error.strerror}): choose another data directory with "
            "--data-dir or LINKSKIPPER_DATA_DIR, or set LINKSKIPPER_SECRET_KEY."
        ) from None


def _create(path: Path) -> None:
    """Write the secret whole or not at all; of several that try, one wins."""
    with NamedTemporaryFile("w", dir=path.parent) as draft:  # made readable by its owner alone
        draft.write(secrets.token_hex(SECRET_BYTES))
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
