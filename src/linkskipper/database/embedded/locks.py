"""Lock files. The kernel drops a lock when its holder ends, however that happens."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from linkskipper.errors import DataDirError
from linkskipper.system_users import stranger_of

MODE = 0o600  # who can open a lock file can hold its lock


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Wait for a lock and hold it alone.

    Raises:
        DataDirError: the file belongs to another user, or is not a file.
    """
    with _open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def shared_lock(path: Path) -> IO[bytes]:
    """Take a lock that others may hold too. It ends when the returned file is closed.

    Raises:
        DataDirError: the file belongs to another user, or is not a file.
    """
    file = _open(path)
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def is_only_holder(file: IO[bytes]) -> bool:
    """Tell whether no other process holds this shared lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> IO[bytes]:
    """Open a file that only its owner can lock. Never follow a link that somebody else put there."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, MODE)
    except OSError as error:
        raise DataDirError(f"The data directory {path.parent} is not yours: {error.strerror}.") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or stranger_of(status) is not None:
        os.close(descriptor)
        raise DataDirError(f"{path} belongs to another user, or is not a file: remove it.")
    if status.st_uid == os.geteuid() and status.st_nlink == 1 and stat.S_IMODE(status.st_mode) != MODE:
        os.fchmod(descriptor, MODE)  # version 0.1 left it readable for others
    return os.fdopen(descriptor, "r+b", buffering=0)
