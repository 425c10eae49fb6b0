"""The system user that runs PostgreSQL.

It is the user of this process. PostgreSQL refuses to run as root, so root has a system user of its own for it.
"""

import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from linkskipper.errors import DatabaseError

ROOTS_SERVER_USER = "linkskipper"

log = structlog.get_logger()


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

    def let_group_pass(self, folder: Path) -> None:
        """Let this user's group pass through a folder that this process has just created."""
        if self.is_stand_in:
            _chown(folder, -1, self.gid)
            folder.chmod(0o710)

    def let_pass(self, path: Path) -> None:
        """Let this user pass through path and all folders above it, without listing them. Each change is logged."""
        if not self.is_stand_in:
            return
        for folder in (path, *path.parents):
            status = folder.stat()
            bit = self._search_bit(status)
            if not status.st_mode & bit:
                folder.chmod(stat.S_IMODE(status.st_mode) | bit)
                log.warning("database.folder_opened", folder=str(folder), reason="PostgreSQL does not run as root")

    def _search_bit(self, status: os.stat_result) -> int:
        if status.st_uid == self.uid:
            return stat.S_IXUSR
        return stat.S_IXGRP if status.st_gid == self.gid else stat.S_IXOTH


def find_server_user() -> ServerUser:
    """Return the user that is to run PostgreSQL. Create it where root lacks it.

    Raises:
        DatabaseError: the user cannot be created.
    """
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), is_stand_in=False)
    try:
        entry = pwd.getpwnam(ROOTS_SERVER_USER)
    except KeyError:
        entry = _create_user()
    return ServerUser(entry.pw_uid, entry.pw_gid, is_stand_in=True)


def _create_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ROOTS_SERVER_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise DatabaseError(
            f"PostgreSQL does not run as root: create a system user named {ROOTS_SERVER_USER}, or run as another user."
        ) from None
    return pwd.getpwnam(ROOTS_SERVER_USER)


def _chown(folder: Path, uid: int, gid: int) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchown(descriptor, uid, gid)
    finally:
        os.close(descriptor)
