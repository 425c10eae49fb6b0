"""A proxy of the database that passes on data at once, but the end of a connection only on request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

SOCKET = ".s.PGSQL.5432"


@dataclass(frozen=True)
class SlowEnd:
    """The URL that leads this way. `server_ended` is set when the server has ended a connection."""

    url: str
    server_ended: asyncio.Event = field(default_factory=asyncio.Event)
    tell: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def slow_end(url: str) -> AsyncIterator[SlowEnd]:
    """Open a way to the database of `url`."""
    server = f"{parse_qs(urlsplit(url).query)['host'][0]}/{SOCKET}"
    with TemporaryDirectory() as folder:
        way = SlowEnd(f"{url.partition('?')[0]}?host={folder}&port=5432")

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            from_server, to_server = await asyncio.open_unix_connection(server)
            sending = asyncio.create_task(_pump(reader, to_server))
            await _pump(from_server, writer)
            way.server_ended.set()
            await way.tell.wait()
            sending.cancel()
            writer.close()
            to_server.close()

        async with await asyncio.start_unix_server(serve, Path(folder, SOCKET)):
            try:
                yield way
            finally:
                way.tell.set()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
