"""The socket file of the embedded server: where it is, and who answers there."""

import os
import socket
import stat
import struct
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

from linkskipper.database.embedded.system_user import ServerUser
from linkskipper.errors import DataDirError

FILE_NAME = ".s.PGSQL.5432"
PATH_LIMIT = 100  # sun_path holds 108 bytes, on some systems 104


def socket_folder(cluster: Path, user: ServerUser) -> Path:
    """Return the folder of the socket file, which only the server's user can enter.

    It is the cluster itself. Where that path is too long for a socket, it is a private folder for temporary files.

    Raises:
        DataDirError: somebody else made that private folder.
    """
    if len(os.fsencode(cluster / FILE_NAME)) <= PATH_LIMIT:
        return cluster
    name = sha256(os.fsencode(cluster)).hexdigest()[:16]
    folder = Path(gettempdir()) / f"linkskipper-{user.uid}-{name}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != user.uid or status.st_mode & 0o077:
            raise DataDirError(f"{folder} is not a private folder of this service: remove it.") from None
    else:
        user.take_over(folder)
    return folder


def server_answers(folder: Path, *, owner: int) -> bool:
    """Tell whether a server answers that the user with the id `owner` runs.

    Raises:
        DataDirError: the socket, or the program that answers, belongs to another user.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(folder / FILE_NAME))
        except PermissionError:
            raise DataDirError(f"{folder} belongs to another user: run the command as that user.") from None
        except OSError:
            return False
        if (uid := _peer_uid(probe, folder)) != owner:
            raise DataDirError(f"A program of another user (uid {uid}) answers at {folder}/{FILE_NAME}: stop it.")
    return True


def _peer_uid(connected: socket.socket, folder: Path) -> int:
    """Return the user of the program that listens, or the owner of the socket file where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return (folder / FILE_NAME).lstat().st_uid
    uid: int
    _, uid, _ = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return uid
