"""The system user that runs PostgreSQL.

It is the user of this process. PostgreSQL refuses to run as root, so root has a system user of its own for it.
"""

import os
import pwd
import stat
from pathlib import Path
from typing import Any, NamedTuple

from linkskipper.errors import DatabaseError, SystemUserError
from linkskipper.system_users import SERVICE_USER, closed_folder, system_user


class ServerUser(NamedTuple):
    """The user that runs PostgreSQL. `is_stand_in` is true where this process is root and that user is not."""

    uid: int
    gid: int
    is_stand_in: bool

    def popen_options(self) -> dict[str, Any]:
        """Return the options of subprocess.Popen that start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": ()} if self.is_stand_in else {}

    def take_over(self, folder: Path) -> None:
        """Give a folder that this process has just created to this user. Links are not followed."""
        if self.is_stand_in:
            _chown(folder, self.uid, self.gid)

    @property
    def name(self) -> str:
        """The name of this user."""
        return pwd.getpwuid(self.uid).pw_name

    def let_group_pass(self, folder: Path) -> None:
        """Let this user's group pass through a folder of this process's user, without listing it."""
        if self.closed_folder(folder) == folder.resolve() and folder.stat().st_uid == os.geteuid():
            _chown(folder, -1, self.gid)
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXGRP)

    def closed_folder(self, path: Path) -> Path | None:
        """Return the first folder on the way to a path that this user cannot enter."""
        return closed_folder(path, pwd.getpwuid(self.uid)) if self.is_stand_in else None


def find_server_user() -> ServerUser:
    """Return the user that is to run PostgreSQL. Create it where root lacks it.

    Raises:
        DatabaseError: the user cannot be created.
    """
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), is_stand_in=False)
    try:
        entry = system_user(SERVICE_USER)
    except SystemUserError as error:
        raise DatabaseError(f"PostgreSQL does not run as root. {error} Create it, or run as another user.") from None
    return ServerUser(entry.pw_uid, entry.pw_gid, is_stand_in=True)


def _chown(folder: Path, uid: int, gid: int) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchown(descriptor, uid, gid)
    finally:
        os.close(descriptor)
