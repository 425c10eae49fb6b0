"""Carry an embedded database over to the PostgreSQL that this version of the service brings."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkskipper.database.dump import dumping, loading
from linkskipper.database.embedded.cluster import Cluster
from linkskipper.database.embedded.server import EmbeddedServer
from linkskipper.database.embedded.server_socket import socket_folder
from linkskipper.database.embedded.system_user import ServerUser, find_server_user
from linkskipper.errors import DatabaseError


def carry_over(data_dir: Path, programs: Path) -> Path:
    """Dump a database with the programs of the version that made it, and load it into a new cluster, all or nothing.

    `programs` is the folder of these programs. Return the folder in which the old cluster is kept.

    Raises:
        DatabaseError: the database needs no new version, the programs are of another one, or the dump fails.
        DataDirError: a process uses the database.
    """
    user = find_server_user()
    with EmbeddedServer(data_dir).offline() as path:
        old, new = Cluster(path, user, programs), Cluster(path.with_name(f"{path.name}.new-server"), user)
        kept = path.with_name(f"{path.name}.{old.version}")
        _check(old, new, kept)
        shutil.rmtree(new.path, ignore_errors=True)
        try:
            new.create()
            _copy(old, new, user)
            exchange(path, new.path, kept)
        finally:
            shutil.rmtree(new.path, ignore_errors=True)  # it is still there only after a failure
    return kept


def exchange(path: Path, new: Path, kept: Path) -> None:
    """Rename a folder to `kept`, and put a new one in its place. Undo the first step if the second one fails."""
    path.rename(kept)
    try:
        new.rename(path)
    except BaseException:
        kept.rename(path)
        raise


def _check(old: Cluster, new: Cluster, kept: Path) -> None:
    if new.program_version.partition(".")[0] == old.version:
        raise DatabaseError(f"{old.path} was made by PostgreSQL {old.version}, as this installation needs it.")
    if kept.exists():
        raise DatabaseError(f"{kept} exists: it was kept from an earlier version. Move it away.")
    old.check_version()


def _copy(old: Cluster, new: Cluster, user: ServerUser) -> None:
    with (
        _serving(old, user) as source,
        _serving(new, user) as target,
        dumping(source) as dump,
        loading(target) as load,
    ):
        shutil.copyfileobj(dump, load)


@contextmanager
def _serving(cluster: Cluster, user: ServerUser) -> Iterator[str]:
    folder = socket_folder(cluster.path, user)
    cluster.start(folder)
    try:
        yield f"postgresql://postgres@/postgres?port=5432&host={folder}"
    finally:
        cluster.stop()
