"""Relay bytes between the browser (the client) and a site (the upstream)."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import NamedTuple

from linkskipper.egress.proxy.heads import ProxyRequest, read_response
from linkskipper.egress.proxy.session import ProxySession

_CHUNK = 64 * 1024


class Stream(NamedTuple):
    """Both directions of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def relay_tunnel(session: ProxySession, request: ProxyRequest, client: Stream, upstream: Stream) -> None:
    """Relay both directions until one of them ends."""
    client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    _send(session, upstream, request.begun)
    await _until_first_ends(_relay_request(session, client, upstream), _relay_response(session, client, upstream))


async def relay_exchange(session: ProxySession, request: ProxyRequest, client: Stream, upstream: Stream) -> None:
    """Relay one plain request and its response. The connection then ends: the next request may be for another host."""
    body = request.begun[: request.body_bytes]
    _send(session, upstream, request.head + body)
    await _relay_request(session, client, upstream, request.body_bytes - len(body))
    await _until_first_ends(_relay_answer(session, request.method, client, upstream), _wait_for_close(client))


async def cancel_all(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have ended."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _relay_answer(session: ProxySession, method: str, client: Stream, upstream: Stream) -> None:
    response = await read_response(upstream.reader, method)
    body = response.begun[: response.body_bytes]
    session.count(response.head + body)
    client.writer.write(response.head + body)
    left = None if response.body_bytes is None else response.body_bytes - len(body)
    await _relay_response(session, client, upstream, left)


async def _wait_for_close(client: Stream) -> None:
    """Wait until the browser closes the connection. Further bytes are not part of the request and are dropped."""
    while await client.reader.read(_CHUNK):
        pass


def _send(session: ProxySession, upstream: Stream, data: bytes) -> None:
    session.count_sent(data)
    upstream.writer.write(data)


async def _relay_request(session: ProxySession, client: Stream, upstream: Stream, limit: int | None = None) -> None:
    """Pass on what the browser sends: `limit` bytes, or everything."""
    async for data in _parts(client, limit):
        _send(session, upstream, data)
        await upstream.writer.drain()


async def _relay_response(session: ProxySession, client: Stream, upstream: Stream, limit: int | None = None) -> None:
    """Pass on what the site sends: `limit` bytes, or everything."""
    async for data in _parts(upstream, limit):
        session.count(data)
        client.writer.write(data)
        await client.writer.drain()


async def _parts(stream: Stream, limit: int | None) -> AsyncIterator[bytes]:
    while limit is None or limit > 0:
        data = await stream.reader.read(_CHUNK if limit is None else min(_CHUNK, limit))
        if not data:
            return
        if limit is not None:
            limit -= len(data)
        yield data


async def _until_first_ends(*relays: Coroutine[None, None, None]) -> None:
    tasks = [asyncio.create_task(relay) for relay in relays]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        await cancel_all(tasks)
