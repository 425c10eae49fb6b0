"""Search the memory of other processes for secrets."""

import re
from pathlib import Path
from typing import IO

import psutil

_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")
_PART = 16 * 1024 * 1024


def holders_of(secret: bytes, family: set[psutil.Process]) -> list[str]:
    """Return the processes whose environment or writable memory contains a secret."""
    return [f"{process.pid} {process.name()}" for process in family if _holds(process.pid, secret)]


def _holds(pid: int, secret: bytes) -> bool:
    folder = Path("/proc", str(pid))
    if secret in (folder / "environ").read_bytes():
        return True
    mappings = _MAPPING.findall((folder / "maps").read_text())
    with (folder / "mem").open("rb", buffering=0) as memory:
        return any(_part_holds(memory, int(start, 16), int(end, 16), secret) for start, end in mappings)


def _part_holds(memory: IO[bytes], start: int, end: int, secret: bytes) -> bool:
    for position in range(start, end, _PART):
        try:
            memory.seek(position)
            if secret in memory.read(min(_PART + len(secret), end - position)):
                return True
        except OSError:  # a mapping that was never touched, or is gone
            continue
    return False
