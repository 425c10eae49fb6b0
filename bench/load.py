"""A load generator that costs little beside what it measures: prepared bytes over kept connections."""

import asyncio
import re
import time
from urllib.parse import urlsplit

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def request(method: str, path: str, *, key: str = "", body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Authorization: Bearer {key}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection(asyncio.Protocol):
    """Sends one prepared request after another, each when the answer to the one before is whole."""

    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Gather an answer."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if found and length and len(body) >= int(length[1]) and self._answer and not self._answer.done():
            self._buffer = b""
            self._answer.set_result(head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is under way."""
        if self._answer and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server closed the connection"))

    async def send(self, data: bytes) -> float:
        """Send a request; returns the seconds until its answer, which must be a 200."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        begin = time.perf_counter()
        self._transport.write(data)
        head = await self._answer
        assert head.startswith(b"HTTP/1.1 200"), head
        return time.perf_counter() - begin

    def close(self) -> None:
        """End."""
        if self._transport is not None:
            self._transport.close()


async def connect(address: str, count: int) -> list[Connection]:
    """So many connections to an address."""
    host, _, port = urlsplit(address).netloc.rpartition(":")
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(Connection, host, int(port)) for _ in range(count)]
    return [connection for _, connection in made]


async def peak(address: str, data: bytes, *, count: int, at_once: int) -> float:
    """Requests a second with every connection always busy."""
    connections = await connect(address, at_once)
    numbers = iter(range(count))

    async def work(connection: Connection) -> None:
        for _ in numbers:
            await connection.send(data)

    begin = time.perf_counter()
    await asyncio.gather(*map(work, connections))
    seconds = time.perf_counter() - begin
    for connection in connections:
        connection.close()
    return count / seconds


async def paced(address: str, data: bytes, *, rate: float, seconds: float, at_once: int) -> list[float]:
    """The seconds that each answer took, sorted, at a steady rate; waiting for a free connection counts."""
    connections: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in await connect(address, at_once):
        connections.put_nowait(connection)
    took: list[float] = []

    async def one(due: float) -> None:
        connection = await connections.get()
        await connection.send(data)
        took.append(asyncio.get_running_loop().time() - due)
        connections.put_nowait(connection)

    begin = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = begin + number / rate
            await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))
            tasks.create_task(one(due))
    while not connections.empty():
        connections.get_nowait().close()
    return sorted(took)
