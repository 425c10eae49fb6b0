"""System users for programs that must not run as root, and the users whose files this process believes."""

import os
import pwd
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

from linkskipper.errors import SystemUserError

SERVICE_USER = "linkskipper"
"""The user that runs the service, and that runs PostgreSQL for root."""


def system_user(name: str) -> pwd.struct_passwd:
    """Return a system user. Create it if it does not exist. Only root can do that.

    Raises:
        SystemUserError: The user cannot be created.
    """
    try:
        return pwd.getpwnam(name)
    except KeyError:
        _create(name)
        return pwd.getpwnam(name)


def closed_folder(path: Path, user: pwd.struct_passwd) -> Path | None:
    """Return the first folder on the way to a path that a user cannot enter. None if the user reaches the path."""
    real = path.resolve()
    folders = [*reversed(real.parents), real] if real.is_dir() else [*reversed(real.parents)]
    return next((folder for folder in folders if not _may_pass(folder.stat(), user)), None)


def stranger_of(status: os.stat_result) -> int | None:
    """Return the id of the owner of a file or folder if this process must not believe what it holds.

    It believes its own user and root. Root believes the user of the service too.
    """
    trusted = {0, os.geteuid()}
    if os.geteuid() == 0:
        with suppress(KeyError):
            trusted.add(pwd.getpwnam(SERVICE_USER).pw_uid)
    return None if status.st_uid in trusted else status.st_uid


def _may_pass(status: os.stat_result, user: pwd.struct_passwd) -> bool:
    if status.st_uid == user.pw_uid:
        return bool(status.st_mode & stat.S_IXUSR)
    return bool(status.st_mode & (stat.S_IXGRP if status.st_gid == user.pw_gid else stat.S_IXOTH))


def _create(name: str) -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise SystemUserError(f"There is no system user named {name}, and it cannot be created.") from None
