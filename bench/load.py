"""A load generator that costs little compared to what it measures: prepared bytes, plain sockets, no event loop."""

import asyncio
import json
import re
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from urllib.parse import urlsplit

from linkskipper.database import Connection

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
CHUNK = 65_536
POLL_SECONDS = 0.02
DONE = "SELECT count(*) FROM jobs WHERE status = 'done'"


def request(method: str, path: str, *, key: str = "", body: bytes = b"") -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Authorization: Bearer {key}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def peak(address: str, requests: Sequence[bytes], *, at_once: int) -> float:
    """Return the requests a second when every connection is always busy."""
    sending = iter(requests)
    with _connected(address, at_once) as connections:
        begin = time.perf_counter()
        busy = set(connections[: len(requests)])
        for connection in busy:
            connection.sendall(next(sending))
        while busy:
            for connection in select.select(busy, [], [])[0]:
                _receive(connection)
                data = next(sending, None)
                if data is None:
                    busy.remove(connection)
                else:
                    connection.sendall(data)
        return len(requests) / (time.perf_counter() - begin)


async def links_a_second(address: str, key: str, database: Connection, links: Sequence[str], *, at_once: int) -> float:
    """Return the links a second from the first POST until the jobs of all links are done. The links must be new."""
    requests = [request("POST", "/v1/resolve", key=key, body=json.dumps({"url": link}).encode()) for link in links]
    wanted = await database.fetchval(DONE) + len(links)
    begin = time.perf_counter()
    await asyncio.to_thread(peak, address, requests, at_once=at_once)
    while await database.fetchval(DONE) < wanted:
        await asyncio.sleep(POLL_SECONDS)
    return len(links) / (time.perf_counter() - begin)


def paced(address: str, requests: Sequence[bytes], *, rate: float, seconds: float, at_once: int) -> list[float]:
    """The seconds that each answer took, sorted, at a steady rate.

    They count from when a request was due, so that waiting for a free connection, or for a late generator, counts.
    """
    sending = cycle(requests)
    due = deque(number / rate for number in range(int(rate * seconds)))
    took: list[float] = []
    with _connected(address, at_once) as connections:
        idle, busy = deque(connections), dict[socket.socket, float]()
        begin = time.perf_counter()
        while due or busy:
            now = time.perf_counter() - begin
            while due and idle and due[0] <= now:
                connection = idle.popleft()
                connection.sendall(next(sending))
                busy[connection] = due.popleft()
            wait = max(0, due[0] - now) if due and idle else None
            for connection in select.select(busy, [], [], wait)[0]:
                _receive(connection)
                took.append(time.perf_counter() - begin - busy.pop(connection))
                idle.append(connection)
    return sorted(took)


@contextmanager
def _connected(address: str, count: int) -> Iterator[list[socket.socket]]:
    host, _, port = urlsplit(address).netloc.rpartition(":")
    connections = [socket.create_connection((host, int(port))) for _ in range(count)]
    try:
        for connection in connections:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connections
    finally:
        for connection in connections:
            connection.close()


def _receive(connection: socket.socket) -> None:
    """Read one whole answer, which must be a 200 or a 202."""
    answer = b""
    while True:
        data = connection.recv(CHUNK)
        assert data, "the server closed the connection"
        answer += data
        head, found, body = answer.partition(b"\r\n\r\n")
        if found and (length := LENGTH.search(head)) and len(body) >= int(length[1]):
            break
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")), answer
