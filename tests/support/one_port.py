"""Sockets of several loopback addresses on one port, which must be free on all of them."""

import socket
from collections.abc import Sequence
from contextlib import suppress

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
TRIES = 50


def bind_one_port(*wanted: tuple[socket.SocketKind, str]) -> list[socket.socket]:
    """Return a socket for each kind and address, all on one port that is free for them."""
    for _ in range(TRIES - 1):
        with suppress(OSError):
            return _bind(wanted)
    return _bind(wanted)


def port_of(sockets: Sequence[socket.socket]) -> int:
    """Return their port."""
    port: int = sockets[0].getsockname()[1]
    return port


def _bind(wanted: Sequence[tuple[socket.SocketKind, str]]) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for kind, address in wanted:
            sockets.append(socket.socket(socket.AF_INET, kind))
            sockets[-1].bind((address, port_of(sockets) if sockets[1:] else 0))
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets
