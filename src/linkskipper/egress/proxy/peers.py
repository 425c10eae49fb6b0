"""Find out who is at the other end of a connection on loopback."""

import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

Address = tuple[str, int]

_TABLE = Path("/proc/net/tcp")
_UID, _INODE = 6, 8  # columns of the table, without the first


class Peer(NamedTuple):
    """The socket at the other end: the id of its user and its inode."""

    uid: int
    inode: int


def can_find_peers() -> bool:
    """Whether this system tells who is at the other end. Linux does."""
    return _TABLE.exists()


def find_peer(theirs: Address, ours: Address) -> Peer | None:
    """Return the peer of a connection between two IPv4 addresses, or None if there is no such connection any more."""
    table = _TABLE.read_bytes()
    begin = table.find(f" {_in_table(theirs)} {_in_table(ours)} ".encode())
    if begin < 0:
        return None
    columns = table[begin : table.find(b"\n", begin)].split()
    return Peer(int(columns[_UID]), int(columns[_INODE]))


def socket_holder(pids: Iterable[int], inode: int) -> int | None:
    """Return the first of these processes that has a socket open."""
    return next((pid for pid in pids if f"socket:[{inode}]" in _open_files(pid)), None)


def _open_files(pid: int) -> set[str]:
    files = set()
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                files.add(str(descriptor.readlink()))
    return files


def _in_table(address: Address) -> str:
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), 'little'):08X}:{port:04X}"
