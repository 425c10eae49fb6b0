"""Records of the services that run on this machine, so that commands find the database of a running `serve`.

`serve` writes a record to the user's state folder and holds a lock on it. The kernel drops the lock when the process
ends, however it ends: a record that nobody locks is stale.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TextIO

import platformdirs

from linkskipper.settings import Settings


class RunningService(NamedTuple):
    """A running `serve`: its process id, its data directory, its URL, and whether it uses an embedded database."""

    pid: int
    data_dir: Path
    url: str
    embedded: bool


@contextmanager
def recorded(settings: Settings, url: str) -> Iterator[None]:
    """Record this process as a running service while the context lasts. Do nothing where the folder is read-only."""
    service = RunningService(os.getpid(), settings.data_dir.expanduser().absolute(), url, settings.database_url is None)
    record = _folder() / f"{service.pid}.json"
    try:
        stream = _write_locked(record, service)
    except OSError:
        yield
        return
    with stream:
        try:
            yield
        finally:
            record.unlink(missing_ok=True)


def _write_locked(record: Path, service: RunningService) -> TextIO:
    """Write the record under another name and lock it, so that no reader sees it incomplete or unlocked."""
    record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = record.with_suffix(".new")
    stream = draft.open("w", encoding="utf-8")
    fcntl.flock(stream, fcntl.LOCK_EX)
    json.dump({**service._asdict(), "data_dir": str(service.data_dir)}, stream)
    stream.flush()
    draft.rename(record)
    return stream


def lab_settings(host: str) -> Path | None:
    """Return the file with the settings that lead to a host of a running service's lab."""
    for service in running_services():
        file = service.data_dir / "lab" / "lab.env"
        with suppress(OSError):
            if f"{host}:443=" in file.read_text(encoding="utf-8"):
                return file
    return None


def running_services() -> list[RunningService]:
    """Return the services that this user runs, by process id. Remove the records of those that ended."""
    services = []
    for record in sorted(_folder().glob("*.json")):
        with suppress(OSError, ValueError, KeyError, TypeError), record.open(encoding="utf-8") as stream:
            if _is_locked(stream.fileno()):
                services.append(_parse(stream.read()))
            else:
                record.unlink()
    return sorted(services)


def _parse(text: str) -> RunningService:
    content = json.loads(text)
    return RunningService(int(content["pid"]), Path(content["data_dir"]), content["url"], bool(content["embedded"]))


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _folder() -> Path:
    return platformdirs.user_state_path("linkskipper") / "running"
