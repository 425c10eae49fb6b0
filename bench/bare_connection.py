"""A connection of a bare loop: it sends one request at a time, parses the response with httptools, and does no more."""

import asyncio
import ssl

import httptools


class BareConnection(asyncio.Protocol):
    """Collects the head of each response, and skips its body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Parse."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field."""
        self._fields[name] = value

    def on_message_complete(self) -> None:
        """End the response."""
        self._done.set_result(None)

    async def exchange(self, request: bytes) -> dict[bytes, bytes]:
        """Send a request. Return the header fields of the response."""
        self._fields: dict[bytes, bytes] = {}
        self._parser = httptools.HttpResponseParser(self)
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        await self._done
        return self._fields

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


async def connect(
    host: str, port: int, count: int, *, tls: ssl.SSLContext | None = None, name: str | None = None
) -> list[BareConnection]:
    """Open connections. `name` is the one that the certificate must have."""
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(BareConnection, host, port, ssl=tls, server_hostname=name) for _ in range(count)
    ]
    return [connection for _, connection in opened]
