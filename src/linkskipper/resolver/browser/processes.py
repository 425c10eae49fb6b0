"""The processes of a browser and its driver."""

import contextlib
import os
from collections.abc import Iterable
from itertools import pairwise

import psutil


def family(*roots: psutil.Process) -> set[psutil.Process]:
    """Return the running processes among these and their descendants."""
    members: set[psutil.Process] = set()
    for root in roots:
        with contextlib.suppress(psutil.Error, OSError):
            if root not in members and root.is_running():
                members |= {root, *root.children(recursive=True)}
    return members


def kill(victims: Iterable[psutil.Process]) -> None:
    """Kill processes. Those that have ended are skipped."""
    for process in victims:
        with contextlib.suppress(psutil.Error, OSError):
            process.kill()


def driver_of(browser: psutil.Process) -> psutil.Process:
    """Return Playwright's driver: the child of this process that the browser descends from."""
    line = [browser, *browser.parents()]
    return next((process for process, parent in pairwise(line) if parent.pid == os.getpid()), browser)


def drivers() -> set[psutil.Process]:
    """Return the drivers that this process has started."""
    running = set()
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error, OSError):
            if "run-driver" in process.cmdline():
                running.add(process)
    return running


def memory(process: psutil.Process) -> int:
    """Return the bytes of a process: its proportional share, or all that it maps where the system gives no share."""
    info = process.memory_full_info()
    return int(getattr(info, "pss", info.rss))
