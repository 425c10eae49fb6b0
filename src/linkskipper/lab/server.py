"""A small HTTP/1.1 server that can misbehave on purpose, which servers made for production rightly cannot."""

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import cast

import httptools

from linkskipper.lab.site import Directory
from linkskipper.lab.wire import Memory, Request, Script

BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
MOST_BYTES = 64 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
HANDSHAKE_SECONDS = 5


class Server:
    """Serves a directory on any number of sockets, in the running event loop."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._memory = Memory()
        self._listeners: list[asyncio.Server] = []
        self._connections: set[Connection] = set()

    async def listen(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Serve on a bound socket, which is closed with the server."""
        patience = None if tls is None else HANDSHAKE_SECONDS
        loop = asyncio.get_running_loop()
        self._listeners.append(
            await loop.create_server(
                lambda: Connection(self._directory, self._memory, self._connections),
                sock=listener,
                ssl=tls,
                ssl_handshake_timeout=patience,
            )
        )

    async def stop(self) -> None:
        """Close every socket at once, whatever is under way."""
        for listener in self._listeners:
            listener.close()
        await asyncio.gather(*(connection.abort() for connection in self._connections))


class Connection(asyncio.Protocol):
    """One connection: requests in, answers out, as the directory says."""

    def __init__(self, directory: Directory, memory: Memory, connections: "set[Connection]") -> None:
        self._directory = directory
        self._memory = memory
        self._connections = connections
        self._gone = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._script: asyncio.Task[None] | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._scheme = "http"
        self._start_request()

    async def abort(self) -> None:
        """Drop the connection, whatever is under way on it."""
        self._transport.abort()
        await self._gone.wait()
        if self._script is not None:
            await asyncio.wait([self._script])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        self._scheme = "http" if transport.get_extra_info("sslcontext") is None else "https"
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """See asyncio.Protocol."""
        self._connections.discard(self)
        if self._script is not None:
            self._script.cancel()
        self._gone.set()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._script is not None:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._transport.close()
        except httptools.HttpParserError:
            self._transport.write(BAD_REQUEST)
            self._transport.close()

    def _start_request(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def on_url(self, target: bytes) -> None:
        """See httptools; may come in parts."""
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        """See httptools, which makes its own error of what is raised: a bad request."""
        self._body += part
        if len(self._body) > MOST_BYTES:
            raise ValueError("the body is over its limit")

    def on_message_complete(self) -> None:
        """Answer the request that has just been read."""
        reply = self._directory.reply(self._request())
        if isinstance(reply, bytes):
            self._write_whole(reply)
        elif self._script is None:
            self._script = asyncio.create_task(self._play(reply))
        self._start_request()

    def _request(self) -> Request:
        path, _, query = self._target.decode("latin-1").partition("?")
        return Request(
            self._scheme,
            self._headers.get("host", "").lower().partition(":")[0],
            path,
            query,
            self._parser.get_method().decode("latin-1"),
            self._headers,
            bytes(self._body),
            self._memory,
        )

    def _write_whole(self, reply: bytes) -> None:
        if self._parser.get_method() == b"HEAD":
            reply = reply[: reply.index(b"\r\n\r\n") + 4]
        self._transport.write(reply)
        if not self._parser.should_keep_alive():
            self._transport.close()

    async def _play(self, script: Script) -> None:
        try:
            async with contextlib.aclosing(script):
                await self._write_all(script)
        except ConnectionResetError:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._transport.abort()
        else:
            self._transport.close()

    async def _write_all(self, script: Script) -> None:
        async for part in script:
            self._transport.write(part)
            # A lost connection never asks for a pause, and is only noticed when the loop gets its turn.
            await asyncio.sleep(0)
            await self._writable.wait()
