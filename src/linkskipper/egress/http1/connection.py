"""One connection to a server: send requests, receive heads and bodies."""

import asyncio
import re
from collections.abc import AsyncGenerator

from linkskipper.egress.errors import HeadersTooLarge, TimedOut, Unreachable
from linkskipper.egress.http1.head import Framing, Head, parse_head, split_head

_PAUSE_BYTES = 256 * 1024  # unread bytes above which the server has to wait
_MAX_INTERIM = 8
_MAX_EMPTY = 8  # pairs of empty lines before a head
_MAX_CHUNK_LINE = 4096
_MAX_CHUNK_DIGITS = 15
_MAX_TRAILER_BYTES = 16 * 1024
_MAX_FRAMING_BYTES = 64 * 1024  # of the chunks of a body, besides one byte for each byte of the body
_CHUNK_COST = 16  # bytes that count for each chunk besides its line: to read one takes as long as to read many bytes
_TIMER_SECONDS = 0.001  # the precision of timers
_CHUNKS_AT_ONCE = 500  # that are read before others have their turn
_CUT_HEAD = re.compile(rb"[\r\n]location[ \t]*:[^\r\n]+[\r\n](?:.*[\r\n])?\Z", re.IGNORECASE | re.DOTALL)


class Lost(Unreachable):
    """The connection ended before the first byte of a response."""


class HttpConnection(asyncio.Protocol):
    """A connection that one request uses at a time. The caller closes it after every error."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._has_ended = False
        self._has_received = False
        self._error: Exception | None = None
        self._is_paused = False
        self._is_done = True
        self._keep_alive = True
        self.idle_since = 0.0

    @property
    def is_reusable(self) -> bool:
        """Whether the connection may serve another request now."""
        return self._is_done and self._keep_alive and not self._has_ended and not self._buffer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Implement asyncio.Protocol."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Implement asyncio.Protocol."""
        self._buffer += data
        self._has_received = True
        if len(self._buffer) > _PAUSE_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Implement asyncio.Protocol. The transport closes itself."""
        self._has_ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Implement asyncio.Protocol."""
        self._has_ended = True
        self._error = self._error or exc
        self._cancel_timer()
        self._wake()

    def close(self) -> None:
        """Close the connection at once."""
        self._keep_alive = False
        self._cancel_timer()
        if self._transport is not None:
            self._transport.abort()

    def set_deadline(self, when: float) -> None:
        """Let reads fail at a time of the event loop's clock."""
        self._deadline = when
        if self._timer is None or self._timer_at > when:
            self._start_timer(when)

    def clear_deadline(self) -> None:
        """Remove the deadline. Its timer stays for the next one, because a timer for each request costs more."""
        self._deadline = None

    def _start_timer(self, when: float) -> None:
        self._cancel_timer()
        self._timer, self._timer_at = self._loop.call_at(when, self._expire), when

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._deadline - self._loop.time() > _TIMER_SECONDS:
            self._start_timer(self._deadline)
            return
        self._error = TimedOut("the server did not answer in time", had_full_time=False)  # the caller knows its limit
        self._has_ended = True
        self.close()
        self._wake()

    async def request(self, data: bytes, method: str, *, deadline: float, head_limit: int) -> Head:
        """Send a request, and return the head of its final response.

        `deadline` is a time of the event loop's clock. It stays set for the body.

        Raises:
            Lost: The connection ended before the first byte.
            Unreachable: The connection broke, or the response is not HTTP.
            HeadersTooLarge: The head is over its limits.
            TimedOut: The deadline passed.
        """
        if self._transport is None or self._transport.is_closing():
            raise Lost("the connection is closed")
        self.set_deadline(deadline)
        self._is_done = self._has_received = False
        self._transport.write(data)
        for _ in range(_MAX_INTERIM + 1):
            head = parse_head(await self._read_head(head_limit), method=method, limit=head_limit)
            if not head.is_interim:
                self._keep_alive = head.keep_alive
                self._is_done = head.framing is Framing.LENGTH and head.length == 0
                return head
        raise Unreachable("the server sends too many interim responses")

    async def _read_head(self, limit: int) -> bytes:
        """Return the next head. Skip empty lines before it (RFC 9112, section 2.2)."""
        searched = empty = 0
        while True:
            block = split_head(self._buffer, searched)
            if block is not None and block.strip():
                return block
            if block is not None and (empty := empty + 1) > _MAX_EMPTY:
                raise Unreachable("the server sent malformed HTTP: too many empty lines")
            searched = 0 if block is not None else len(self._buffer)
            if len(self._buffer) > 2 * limit:
                raise HeadersTooLarge("the headers are over their limit")
            if block is None and not await self._more():
                return self._rest_of_head()

    def _rest_of_head(self) -> bytes:
        """Return the lines of a head whose server closed the connection before the empty line.

        Like Chromium, take them over HTTP, where nothing tells a whole response from one that was cut. Unlike
        Chromium, take no incomplete line, because a part of a URL is another URL, and no head without a Location: of
        it, the status alone would decide what becomes of the link.

        Raises:
            Lost: Nothing came.
            Unreachable: The connection broke, the last line is incomplete, or there is no Location.
        """
        is_plain = self._transport is not None and self._transport.get_extra_info("sslcontext") is None
        if not is_plain or self._error is not None or not _CUT_HEAD.search(self._buffer):
            raise self._failure()
        return self._take(len(self._buffer))

    def buffered_body(self, head: Head) -> bytes | None:
        """Return the whole body if it came together with the head, else None."""
        if head.framing is not Framing.LENGTH or len(self._buffer) < head.length:
            return None
        self._is_done = True
        return self._take(head.length) if head.length else b""

    async def body(self, head: Head) -> AsyncGenerator[bytes, None]:
        """Yield the body of a response as it comes, without its framing.

        Raises:
            Unreachable: The connection broke, or the framing is malformed.
            TimedOut: The deadline passed.
        """
        match head.framing:
            case Framing.LENGTH:
                parts = self._counted(head.length)
            case Framing.CHUNKED:
                parts = self._chunks()
            case Framing.CLOSE:
                parts = self._until_closed()
        async for part in parts:
            yield part
        self._is_done = True

    async def _counted(self, size: int) -> AsyncGenerator[bytes, None]:
        left = size
        while left:
            if not self._buffer and not await self._more():
                raise self._failure()
            part = self._take(left)
            left -= len(part)
            yield part

    async def _until_closed(self) -> AsyncGenerator[bytes, None]:
        while self._buffer or await self._more():
            if self._buffer:
                yield self._take(len(self._buffer))
        if self._error is not None:
            raise self._failure()

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        chunks, framing = 0, 0
        while size := self._size_of_chunk(line := await self._line(_MAX_CHUNK_LINE)):
            chunks += 1
            framing += len(line) + _CHUNK_COST - size
            if framing > _MAX_FRAMING_BYTES:
                raise HeadersTooLarge("the framing of the chunks is over its limit")
            async for part in self._counted(size):
                yield part
            if await self._line(_MAX_CHUNK_LINE):
                raise Unreachable("the server sent malformed HTTP: a chunk is longer than announced")
            if not chunks % _CHUNKS_AT_ONCE:
                await asyncio.sleep(0)
        trailer_bytes = 0
        while line := await self._line(_MAX_TRAILER_BYTES):
            trailer_bytes += len(line)
            if trailer_bytes > _MAX_TRAILER_BYTES:
                raise HeadersTooLarge("the trailers are over their limit")

    @staticmethod
    def _size_of_chunk(line: bytes) -> int:
        digits = line.partition(b";")[0].strip()
        if not 0 < len(digits) <= _MAX_CHUNK_DIGITS or digits.strip(b"0123456789abcdefABCDEF"):
            raise Unreachable("the server sent malformed HTTP: the size of a chunk is malformed")
        return int(digits, 16)

    async def _line(self, limit: int) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > limit:
                raise Unreachable("the server sent malformed HTTP: a line is too long")
            if not await self._more():
                raise self._failure()
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _take(self, limit: int) -> bytes:
        if limit >= len(self._buffer):
            part = bytes(self._buffer)
            self._buffer.clear()
        else:
            part = bytes(self._buffer[:limit])
            del self._buffer[:limit]
        return part

    async def _more(self) -> bool:
        """Wait for more bytes. Return False if none can come."""
        if self._has_ended:
            return False
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        before = len(self._buffer)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        return len(self._buffer) > before or not self._has_ended

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _failure(self) -> Exception:
        if isinstance(self._error, TimedOut):
            return self._error
        kind = Unreachable if self._has_received else Lost
        return kind(f"the connection broke: {self._error}" if self._error else "the connection ended early")
