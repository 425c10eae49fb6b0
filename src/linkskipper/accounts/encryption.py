"""The service's secret, which protects key hashes and webhook secrets."""

import errno
import hmac
import os
import secrets
import stat
from base64 import urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.fernet import Fernet

from linkskipper.errors import DataDirError, SettingsError
from linkskipper.settings import Settings
from linkskipper.system_users import stranger_of

SECRET_BYTES = 32
MINIMUM_CHARACTERS = 32


class Keyring:
    """Hash API keys and encrypt webhook secrets with keys derived from the service's secret."""

    def __init__(self, secret: bytes) -> None:
        self._hashing = hmac.digest(secret, b"api keys", sha256)
        self._fernet = Fernet(urlsafe_b64encode(hmac.digest(secret, b"webhook secrets", sha256)))

    def hash(self, key: str) -> bytes:
        """Return the keyed hash that is stored for a key. Guessing keys from a stolen table needs the secret too."""
        return hmac.digest(self._hashing, key.encode(), sha256)

    def encrypt(self, text: str) -> bytes:
        """Encrypt a text for storage."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        """Decrypt a token from `encrypt`.

        Raises:
            cryptography.fernet.InvalidToken: another service secret encrypted the token.
        """
        return self._fernet.decrypt(token).decode()


def load_keyring(settings: Settings) -> Keyring:
    """Return the keyring of the service's secret.

    Raises:
        SettingsError, DataDirError: see load_secret.
    """
    return Keyring(load_secret(settings))


def load_secret(settings: Settings) -> bytes:
    """Load the secret from LINKSKIPPER_SECRET_KEY or, if that is unset, from a file in the data directory.

    Raises:
        SettingsError: the setting is too short.
        DataDirError: the file cannot be read or created.
    """
    if settings.secret_key is None:
        return _read_or_create(settings.data_dir, secrets.token_hex(SECRET_BYTES))
    secret = settings.secret_key.get_secret_value()
    if len(secret) < MINIMUM_CHARACTERS:
        raise SettingsError(f"LINKSKIPPER_SECRET_KEY: needs at least {MINIMUM_CHARACTERS} random characters.")
    return secret.encode()


def restore_secret(settings: Settings, secret: bytes) -> None:
    """Make a secret the one of the service: write it to the data directory, or compare it with the setting.

    Raises:
        SettingsError: LINKSKIPPER_SECRET_KEY is another secret.
        DataDirError: the data directory has another secret, or cannot be written.
    """
    if settings.secret_key is not None:
        if load_secret(settings) != secret:
            raise SettingsError("LINKSKIPPER_SECRET_KEY: is not the secret of the backup. Set that one, or unset it.")
    elif _read_or_create(settings.data_dir, secret.decode()) != secret:
        raise DataDirError(f"The data directory {settings.data_dir} has another secret. Choose a new one.")


def _read_or_create(data_dir: Path, new_secret: str) -> bytes:
    path = data_dir / "secret.key"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path, new_secret)
        secret = _read(path)
    except OSError as error:
        raise DataDirError(
            f"The secret file {path} cannot be used ({error.strerror}): choose another data directory with "
            "--data-dir or LINKSKIPPER_DATA_DIR, or set LINKSKIPPER_SECRET_KEY."
        ) from None
    if len(secret) < MINIMUM_CHARACTERS:
        raise DataDirError(f"The secret in {path} is shorter than {MINIMUM_CHARACTERS} characters. Restore the file.")
    return secret


def _read(path: Path) -> bytes:
    """Read a secret that this user, root or the service made. Its author knows it."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        if (stranger := stranger_of(status)) is not None:
            raise PermissionError(errno.EPERM, f"it belongs to the user {stranger}")
        return file.read()


def _create(path: Path, secret: str) -> None:
    """Write the secret file atomically. If several processes do this at once, the first one wins."""
    with NamedTemporaryFile("w", dir=path.parent) as draft:  # readable by its owner only
        draft.write(secret)
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft.name)
