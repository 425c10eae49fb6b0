"""The folder of one browser: its HOME, its profile and all its temporary files.

The folder is locked while the service uses it. A folder without a lock is left over from a service that was killed.
"""

import fcntl
import os
import shutil
import time
from pathlib import Path
from pwd import struct_passwd
from tempfile import gettempdir, mkdtemp

_PREFIX = "linkskipper-browser-"
_LOCK_SECONDS = 60  # a new folder without a lock may get its lock within this time


class BrowserHome:
    """A private folder. `close` deletes it."""

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix=_PREFIX))
        self._lock = _open(self.path)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def give_to(self, user: struct_passwd) -> None:
        """Make a user the owner of the folder and of all that it holds."""
        for folder, _, files in os.walk(self.path):
            for path in (Path(folder), *(Path(folder, name) for name in files)):
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)

    def close(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def delete_abandoned_homes(user: struct_passwd | None) -> None:
    """Delete the folders of services that were killed. Folders of others stay."""
    owners = {os.geteuid(), *([] if user is None else [user.pw_uid])}
    for folder in Path(gettempdir()).glob(f"{_PREFIX}*"):
        try:
            lock = _open(folder)
        except OSError:
            continue
        try:
            status = os.fstat(lock)
            if status.st_uid in owners and time.time() - status.st_mtime > _LOCK_SECONDS:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
