"""A client of the lab that sees every byte of its answers."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from linkskipper.lab import Lab

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class RawAnswer:
    """A raw answer, taken apart no further than necessary."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header, in order."""
        return [value for each, value in self.headers if each.lower() == name.lower()]

    @property
    def location(self) -> bytes:
        """The only Location."""
        (value,) = self.all(b"Location")
        return value


@dataclass(frozen=True)
class RawBrowser:
    """Finds the lab's hosts as the service does: by the host map, trusting the lab's CA."""

    lab: Lab

    async def connect(self, scheme: str, host: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to one of the lab's hosts."""
        places = dict(item.split("=") for item in self.lab.host_map)
        address, _, port = places[f"{host}:{PORTS[scheme]}"].rpartition(":")
        if scheme == "http":
            return await asyncio.open_connection(address, int(port))
        context = ssl.create_default_context(cafile=self.lab.ca_file)
        return await asyncio.open_connection(address, int(port), ssl=context, server_hostname=host)

    async def raw(
        self, url: str, *, method: str = "GET", cookie: str = "", headers: Sequence[str] = (), body: bytes = b""
    ) -> bytes:
        """Everything that comes until the connection ends."""
        parts = urlsplit(url)
        reader, writer = await self.connect(parts.scheme, parts.netloc)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        fields = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", f"Cookie: {cookie}", "Connection: close"]
        fields += [*headers, f"Content-Length: {len(body)}"] if body else headers
        try:
            writer.write("\r\n".join([*fields, "", ""]).encode() + body)
            return await reader.read()
        finally:
            writer.close()

    async def post(
        self, url: str, fields: Mapping[str, str], *, cookie: str = "", headers: Sequence[str] = ()
    ) -> RawAnswer:
        """The answer to a form."""
        body = urlencode(fields).encode()
        return _parse(await self.raw(url, method="POST", cookie=cookie, headers=headers, body=body))

    async def get(self, url: str, *, method: str = "GET", cookie: str = "") -> RawAnswer:
        """The answer to one request."""
        return _parse(await self.raw(url, method=method, cookie=cookie))


def _parse(raw: bytes) -> RawAnswer:
    top, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = top.split(b"\r\n")
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    return RawAnswer(int(status.split()[1]), headers, body)
