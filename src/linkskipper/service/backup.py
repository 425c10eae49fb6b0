"""Back up a service to one encrypted file, and restore it elsewhere.

The file is a ZIP archive of files that the program age can decrypt too (https://age-encryption.org/v1): `key.age` is
encrypted with the passphrase and holds the key of the others. `secret.age` is the service's secret, and
`database.age` a dump for pg_restore.
"""

import asyncio
import io
import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pyrage

from linkskipper.accounts import load_secret, restore_secret
from linkskipper.database import open_connection
from linkskipper.database.dump import dumping, is_empty, loading
from linkskipper.errors import BackupError
from linkskipper.service.database import database
from linkskipper.service.migrate import migrate
from linkskipper.settings import Settings

KEY, SECRET, DATABASE = "key.age", "secret.age", "database.age"
MAX_SHORT_MEMBER = 64 * 1024  # bytes of the key, and of the secret
NOT_A_BACKUP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    KeyError,  # a member is missing
    ValueError,  # a text is not UTF-8, a position is negative
    struct.error,
    RuntimeError,  # a member needs a password of ZIP, or a compression that is unknown
    pyrage.IdentityError,
)
"""The errors that a file raises that is not an archive of ours."""


def back_up(settings: Settings, file: Path, passphrase: str) -> None:
    """Write a backup of a service, which may run meanwhile.

    Raises:
        BackupError: the file exists, or cannot be written.
        DatabaseError: the database cannot be dumped.
    """
    key = pyrage.x25519.Identity.generate()
    with _new_file(file) as draft, zipfile.ZipFile(draft, "w") as archive:
        archive.writestr(KEY, pyrage.passphrase.encrypt(str(key).encode(), passphrase))
        _add(archive, SECRET, io.BytesIO(load_secret(settings)), key)
        with database(settings) as url, dumping(url) as dump:
            _add(archive, DATABASE, dump, key)


def restore(settings: Settings, file: Path, passphrase: str) -> None:
    """Restore a backup into an empty database, and migrate it to the schema of this version.

    Raises:
        BackupError: the file is not a backup, the passphrase is wrong, or the database is not empty.
        DataDirError, SettingsError: the data directory or the settings have another secret.
        DatabaseError: the dump cannot be loaded.
    """
    with ExitStack() as stack:
        with _reading(file):
            archive = stack.enter_context(zipfile.ZipFile(file))
            key = _read_key(_read(archive, KEY), passphrase)
            secret = pyrage.decrypt(_read(archive, SECRET), [key])
            encrypted = stack.enter_context(archive.open(DATABASE))
        url = stack.enter_context(database(settings))
        asyncio.run(_require_empty(url))
        restore_secret(settings, secret)
        with loading(url) as dump, _reading(file):
            pyrage.decrypt_io(encrypted, dump, [key])
        asyncio.run(migrate(url))


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Call the file damaged for whatever its bytes make zipfile and pyrage raise. Nothing else may run in here."""
    try:
        yield
    except BrokenPipeError:  # not of the file: pg_restore ended early
        raise
    except NOT_A_BACKUP:
        raise BackupError(f"{file} is not a backup of Link Skipper, or is damaged.") from None
    except (OSError, pyrage.DecryptError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise BackupError(f"{file} cannot be restored: {reason}.") from None


@contextmanager
def _new_file(file: Path) -> Iterator[IO[bytes]]:
    """Provide a file that only its owner can read. It gets its name once it is complete."""
    if file.exists():
        raise BackupError(f"{file} exists. Choose another name.")
    try:
        with tempfile.NamedTemporaryFile(dir=file.absolute().parent, prefix=".linkskipper-backup-") as draft:
            yield draft
            draft.flush()
            file.hardlink_to(draft.name)
    except OSError as error:
        raise BackupError(f"{file} cannot be written ({error.strerror}).") from None


def _add(archive: zipfile.ZipFile, name: str, content: IO[bytes], key: "pyrage.x25519.Identity") -> None:
    with archive.open(name, "w", force_zip64=True) as member:
        pyrage.encrypt_io(content, member, [key.to_public()])


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read a short member. Somebody else may have made the archive, and may have compressed any amount into it.

    Raises:
        BackupError: It is longer than any of ours.
    """
    with archive.open(name) as member:
        content = member.read(MAX_SHORT_MEMBER + 1)
    if len(content) > MAX_SHORT_MEMBER:
        raise BackupError(f"{archive.filename} is not a backup of Link Skipper: {name} is too long.")
    return content


def _read_key(encrypted: bytes, passphrase: str) -> "pyrage.x25519.Identity":
    try:
        text = pyrage.passphrase.decrypt(encrypted, passphrase).decode()
    except pyrage.DecryptError:
        raise BackupError("The passphrase is wrong.") from None
    return pyrage.x25519.Identity.from_str(text)


async def _require_empty(url: str) -> None:
    connection = await open_connection(url)
    try:
        if not await is_empty(connection):
            raise BackupError(
                "The database is not empty, and a restore never overwrites one. Choose another with --data-dir or "
                "LINKSKIPPER_DATABASE_URL."
            )
    finally:
        await connection.close()
