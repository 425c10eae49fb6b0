"""A database cluster: the directory with PostgreSQL's data, and the postmaster that serves it."""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from linkskipper.database.embedded.places import programs_folder
from linkskipper.database.embedded.system_user import ServerUser
from linkskipper.errors import DatabaseError, DataDirError

START_SECONDS = 60
READY_POLL_SECONDS = 0.02
RETRY_SECONDS = 0.2
# PostgreSQL gets nothing else of this process's environment: it may hold secrets, and PGPORT moves the socket.
ENVIRONMENT = ("LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ")


class Cluster:
    """A cluster that a user owns. Only one process at a time may create, start or stop it.

    `programs` is the folder of PostgreSQL's programs, unless those of the installation serve it.
    """

    def __init__(self, path: Path, user: ServerUser, programs: Path | None = None) -> None:
        self.path = path
        self._user = user
        self._own_programs = programs
        self._child: int | None = None

    @cached_property
    def _programs(self) -> Path:
        return self._own_programs or programs_folder(self._user)

    @property
    def exists(self) -> bool:
        """Whether there is a cluster in the directory."""
        return (self.path / "PG_VERSION").exists()

    @property
    def version(self) -> str:
        """The major version of the PostgreSQL that made the cluster."""
        return (self.path / "PG_VERSION").read_text().strip()

    @property
    def program_version(self) -> str:
        """The version of the programs that serve the cluster.

        Raises:
            DatabaseError: the folder of the programs does not have them.
        """
        try:
            command = [str(self._programs / "postgres"), "--version"]
            version: str = subprocess.check_output(command, text=True, **self._popen_options())
        except OSError as error:
            raise DatabaseError(f"{self._programs} does not have the program postgres ({error.strerror}).") from None
        return version.split()[2]

    def create(self) -> None:
        """Create the cluster next to its place and move it there, so that a crash leaves no incomplete cluster.

        Raises:
            DataDirError: an older cluster is next to that place, and may be the one that is missing there.
            DatabaseError: initdb failed.
        """
        self._check_neighbours()
        draft = self.path.with_name(f"{self.path.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._user.take_over(draft)
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions")
        locale = ("--locale-provider=builtin", "--locale=C.UTF-8")
        self._run("initdb", "-D", str(draft), *options, *locale)
        draft.rename(self.path)

    def start(self, socket_folder: Path) -> None:
        """Start the postmaster and wait until it takes connections.

        Wait for the last processes of a postmaster that was killed, too.

        Raises:
            DataDirError: another user owns the cluster.
            DatabaseError: another version of PostgreSQL made the cluster, or the postmaster did not start.
        """
        self._check_owner()
        self.check_version()
        deadline = time.monotonic() + START_SECONDS
        while not self._try_start(socket_folder, deadline):
            time.sleep(RETRY_SECONDS)

    def stop(self) -> None:
        """Stop the postmaster, if it lives."""
        if self.is_alive():
            self._run("pg_ctl", "stop", "-D", str(self.path), "-m", "fast", "-w")
        self._reap(0)

    def is_alive(self) -> bool:
        """Tell by its process id whether the postmaster lives. Each look through the socket would cost it a process."""
        self._reap(os.WNOHANG)
        pid = self._read_pid_file()[:1]
        return bool(pid) and self._is_postmaster(pid[0])

    def _try_start(self, socket_folder: Path, deadline: float) -> bool:
        """Start a postmaster. Return False if processes of the last postmaster kept it from starting."""
        found = bool(self._read_pid_file())
        postmaster = self._spawn_postmaster(socket_folder)
        while postmaster.poll() is None and time.monotonic() < deadline:
            words = self._read_pid_file()
            if words[:1] == [str(postmaster.pid)] and words[-1] == "ready":
                self._child = postmaster.pid
                postmaster.returncode = 0  # no longer Popen's to watch: the server may outlive this process
                return True
            time.sleep(READY_POLL_SECONDS)
        # One that gets further removes this file when it ends. So does the last one, if it only ends now.
        gave_way = found or bool(self._read_pid_file())
        if time.monotonic() >= deadline or not gave_way:
            raise DatabaseError(f"The embedded PostgreSQL did not start: see {self.path}/server.log.")
        return False

    def _spawn_postmaster(self, socket_folder: Path) -> "subprocess.Popen[bytes]":
        options = {
            "listen_addresses": "",
            "unix_socket_directories": socket_folder,
            "max_connections": 200,
            "shared_buffers": "64MB",
            "jit": "off",
        }
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.path), *arguments]
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        logfile = os.open(self.path / "server.log", flags, 0o644)
        try:
            return subprocess.Popen(command, stdout=logfile, stderr=logfile, **self._popen_options())
        finally:
            os.close(logfile)

    def _popen_options(self) -> dict[str, Any]:
        """Return the options for all programs. A session of their own keeps the terminal's Ctrl-C from them."""
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        pid = self._read_pid_file()[:1]
        if pid and not self._is_postmaster(pid[0]):
            # A dead postmaster's number may be that of a zombie or of another program. PostgreSQL gives way to every
            # live process but this one. It still checks that no process uses the old shared memory.
            environment["PG_GRANDPARENT_PID"] = pid[0]
        own_session = {"cwd": "/", "stdin": subprocess.DEVNULL, "start_new_session": True}
        return {**own_session, "env": environment, **self._user.popen_options()}

    def _read_pid_file(self) -> list[str]:
        """Return the words of postmaster.pid: first its process id, last its state. Empty without a postmaster."""
        try:
            return (self.path / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return []

    def _is_postmaster(self, pid: str) -> bool:
        """Tell whether a process is the postmaster of this cluster, and not a zombie."""
        if not Path("/proc/self").exists():
            return _is_process(pid)
        try:
            words = Path("/proc", pid, "cmdline").read_bytes().split(b"\0")  # empty for a zombie
            return Path(os.fsdecode(words[words.index(b"-D") + 1])).samefile(self.path)
        except (OSError, ValueError, IndexError):
            return False

    def _reap(self, options: int) -> None:
        """Take note of the end of a postmaster that this process started."""
        if self._child is None:
            return
        with suppress(ChildProcessError):
            if os.waitpid(self._child, options) == (0, 0):
                return
        self._child = None

    def _check_owner(self) -> None:
        if self.path.stat().st_uid != self._user.uid:
            raise DataDirError(f"{self.path} belongs to another user: run the command as that user.")

    def _check_neighbours(self) -> None:
        kept = self.path.parent.glob(f"{self.path.name}.[0-9]*")
        new = self.path.with_name(f"{self.path.name}.new-server")
        if neighbours := [*sorted(kept, reverse=True), *([new] if new.exists() else [])]:
            raise DataDirError(
                f"{self.path} is missing, and {neighbours[0]} is next to it. If linkskipper db upgrade-server was "
                f"cut off, rename that folder to {self.path} and run the command again. Otherwise move it away."
            )

    def check_version(self) -> None:
        """Refuse programs of another major version than the one that made the cluster.

        Raises:
            DatabaseError: they are of another version. The message says what to do.
        """
        installed = self.program_version
        if installed.partition(".")[0] != self.version:
            raise DatabaseError(
                f"{self.path} was made by PostgreSQL {self.version}, and these programs are of {installed}: "
                "run linkskipper db upgrade-server with the folder of the old programs, or choose a new --data-dir."
            )

    def _run(self, program: str, *arguments: str) -> None:
        process: subprocess.CompletedProcess[bytes] = subprocess.run(
            [str(self._programs / program), *arguments], capture_output=True, check=False, **self._popen_options()
        )
        if process.returncode != 0:
            last_line = (process.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
            raise DatabaseError(f"The embedded PostgreSQL failed at {program}: {last_line}")


def _is_process(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True
