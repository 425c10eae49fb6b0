"""Keep the secrets of this process from its children: its variables, its memory and its open files."""

import ctypes
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_NAMES = frozenset(
    {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "CHROME_DEVEL_SANDBOX"}
    | {"FONTCONFIG_FILE", "FONTCONFIG_PATH", "SYSTEMROOT"}
)
_PREFIXES = ("LC_", "PLAYWRIGHT_", "PW_")
_STDERR = 2
_PR_SET_DUMPABLE = 4  # linux/prctl.h


def allowed_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that every child process may see."""
    return {name: value for name, value in environment.items() if name in _NAMES or name.startswith(_PREFIXES)}


def keep_files() -> None:
    """Keep the open files of this process from the programs that it starts, except for the standard streams.

    Otherwise those that it has inherited are passed on: uvloop gives each program a copy of its streams besides.
    """
    for file in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the listing itself is closed
            os.set_inheritable(int(file.name), int(file.name) <= _STDERR)


def hide_memory() -> None:
    """Keep other processes of the same user from reading the memory of this one, on Linux.

    It also hides the environment that the process was started with, which the kernel shows even after variables were
    removed, and its open files. A crash leaves no memory on the disk. Root can still read everything.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
