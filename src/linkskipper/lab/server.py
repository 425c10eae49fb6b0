"""A small HTTP/1.1 server that can misbehave on purpose."""

import asyncio
import contextlib
import socket
import ssl
import struct
from typing import cast

import httptools

from linkskipper.lab.site import SiteDirectory
from linkskipper.lab.wire import ByteStream, LabMemory, LabRequest

BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
MAX_BYTES = 64 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
HANDSHAKE_SECONDS = 5


class LabServer:
    """Serve a directory of sites on any number of sockets, in the running event loop."""

    def __init__(self, directory: SiteDirectory) -> None:
        self._directory = directory
        self._memory = LabMemory()
        self._listeners: list[asyncio.Server] = []
        self._connections: set[LabConnection] = set()

    async def listen(self, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        """Serve on a bound socket. Stopping the server closes it."""
        timeout = None if tls is None else HANDSHAKE_SECONDS
        loop = asyncio.get_running_loop()
        self._listeners.append(
            await loop.create_server(
                lambda: LabConnection(self._directory, self._memory, self._connections),
                sock=listener,
                ssl=tls,
                ssl_handshake_timeout=timeout,
            )
        )

    async def stop(self) -> None:
        """Close all sockets at once, without waiting for responses."""
        for listener in self._listeners:
            listener.close()
        await asyncio.gather(*(connection.abort() for connection in self._connections))


class LabConnection(asyncio.Protocol):
    """One connection: requests in, responses of the directory out."""

    def __init__(self, directory: SiteDirectory, memory: LabMemory, connections: "set[LabConnection]") -> None:
        self._directory = directory
        self._memory = memory
        self._connections = connections
        self._gone = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._stream: asyncio.Task[None] | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._scheme = "http"
        self._start_request()

    async def abort(self) -> None:
        """Drop the connection without waiting for responses."""
        self._transport.abort()
        await self._gone.wait()
        if self._stream is not None:
            await asyncio.wait([self._stream])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        self._scheme = "http" if transport.get_extra_info("sslcontext") is None else "https"
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """See asyncio.Protocol."""
        self._connections.discard(self)
        if self._stream is not None:
            self._stream.cancel()
        self._gone.set()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._stream is not None:
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
        """See httptools. The target may come in parts."""
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        """See httptools. It turns the error into its own, which is answered with 400."""
        self._body += part
        if len(self._body) > MAX_BYTES:
            raise ValueError("the body is over its limit")

    def on_message_complete(self) -> None:
        """Answer the request that was just read."""
        reply = self._directory.reply(self._request())
        if isinstance(reply, bytes):
            self._write_whole(reply)
        elif self._stream is None:
            self._stream = asyncio.create_task(self._play(reply))
        self._start_request()

    def _request(self) -> LabRequest:
        path, _, query = self._target.decode("latin-1").partition("?")
        return LabRequest(
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

    async def _play(self, stream: ByteStream) -> None:
        try:
            async with contextlib.aclosing(stream):
                await self._write_all(stream)
        except ConnectionResetError:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._transport.abort()
        else:
            self._transport.close()

    async def _write_all(self, stream: ByteStream) -> None:
        async for part in stream:
            self._transport.write(part)
            # A lost connection never pauses writing. It is noticed only when the loop runs.
            await asyncio.sleep(0)
            await self._writable.wait()
