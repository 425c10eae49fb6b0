"""HTTP/1.1 on a connection: uvicorn's protocol with limits on malformed, long and slow requests."""

import asyncio
import secrets
import socket
import struct
from collections.abc import Iterable
from functools import partial
from typing import Any

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from linkskipper.api.connections import OpenConnections
from linkskipper.api.problems import PROBLEM_TYPE, ServiceUnavailable, problem_document, problem_headers
from linkskipper.api.safe_headers import NO_CONTENT, NO_STORE, ON_EVERY_RESPONSE
from linkskipper.errors import ApiError, InvalidRequest
from linkskipper.metrics import BAD_REQUESTS, CONNECTIONS_REFUSED

MAX_HEAD_BYTES = 64 * 1024
MAX_CHUNKED_BYTES = 256 * 1024  # of a request whose body has chunks, as sent
MAX_PIPELINED = 100  # requests of a connection that wait for the responses to earlier ones
REQUEST_SECONDS = 20  # from the first byte of a request to its last. A body has at most 64 KiB.
WRITE_SECONDS = 20  # in which a client must take WRITE_BYTES, or everything that was sent to it
WRITE_BYTES = 20 * 1024
_RESET = struct.pack("ii", 1, 0)
SEND_WHOLE = "linkskipper.send_whole"  # an ASGI extension: send_whole with the status, the headers and the body


def send_whole(cycle: RequestResponseCycle, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
    """Send a response in one piece. Return False if uvicorn must send it in two: to HEAD, to a slow client, as the last
    response of a connection, or with a line break in a header, which uvicorn refuses.

    The two messages of ASGI and uvicorn's two searches of each header take a tenth of the time of a small response
    (docs/decisions/0008-cached-answers.md).
    """
    if cycle.response_started or cycle.disconnected or cycle.flow.write_paused or not cycle.keep_alive:
        return False
    lines = [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *headers)]
    head = b"".join([STATUS_LINE[status], *lines, b"\r\n"])
    if cycle.scope["method"] == "HEAD" or head.count(b"\n") != len(lines) + 2:
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(head + body)
    cycle.message_event.set()
    cycle.on_response()
    return True


class BufferedTransport(asyncio.Transport):
    """A transport that sends what is written within one turn of the event loop in one piece.

    uvicorn writes the head and the body of a response separately, and uvloop sends each at once. One system call
    fewer for a response, and the responses of a turn one after the other, save a quarter of the time of a small
    response (docs/decisions/0008-cached-answers.md).
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._chunks: list[bytes] = []
        self._written = 0
        self._watch: asyncio.TimerHandle | None = None
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]

    def write(self, data: Any) -> None:
        """Send data at the end of this turn."""
        if not self._chunks:
            self._loop.call_soon(self._flush)
        self._chunks.append(data)

    def close(self) -> None:
        """Send what is left and close the connection."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._chunks and not self._transport.is_closing():
            data = b"".join(self._chunks)
            self._transport.write(data)
            self._written += len(data)
            if self._watch is None and self._transport.get_write_buffer_size():
                self._start_watch()
        self._chunks.clear()

    def _start_watch(self) -> None:
        taken = self._written - self._transport.get_write_buffer_size()
        self._watch = self._loop.call_later(WRITE_SECONDS, self._check_watch, taken)

    def _check_watch(self, taken_before: int) -> None:
        """End a connection whose client reads nothing, or too slowly. To close it would wait for the client."""
        self._watch = None
        unread = self._transport.get_write_buffer_size()
        if unread and self._written - unread - taken_before < WRITE_BYTES:
            # Without this, the kernel would keep what is unread, and the connection, for minutes.
            self.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._transport.abort()
        elif unread:
            self._start_watch()


class StrictHttpProtocol(HttpToolsProtocol):
    """One connection. Malformed HTTP gets a problem document. An incomplete request is closed after a time."""

    def __init__(self, *, base_url: str, open_connections: OpenConnections, **options: Any) -> None:
        super().__init__(**options)
        self._base_url = base_url
        self._open_connections = open_connections
        self._address = ""
        self._request_complete = False
        self._is_in_body = False
        self._received = 0  # bytes of the request that is incomplete
        self._with_others = 0  # bytes that came with earlier requests. Some of them may belong to this one.
        self._data_size = 0
        self._is_too_long = False
        self._wants_upgrade = False
        self._refusal: ApiError | None = None  # sent once the requests before it are answered
        self._timeout: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timeout of the first request (asyncio.Protocol)."""
        super().connection_made(BufferedTransport(transport, self.loop))
        self._address = self.client[0] if self.client else ""
        if self._open_connections.add(self._address):
            self._start_timeout()
        else:
            CONNECTIONS_REFUSED.inc()
            self._refuse(ServiceUnavailable("There are too many open connections."))

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up (asyncio.Protocol)."""
        self._stop_timeout()
        self._open_connections.remove(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data (asyncio.Protocol). Most requests arrive in one piece and need no timeout."""
        if self.transport.is_closing() or self._is_too_long or self._is_refused:
            return
        self._received += len(data)
        self._data_size = len(data)
        self._unset_keepalive_if_required()
        self._parse(data)
        if self._request_complete or self._is_refused:
            self._stop_timeout()
            return
        if self.transport.is_closing():
            return
        if self._timeout is None:
            self._start_timeout()
        if self._received > MAX_HEAD_BYTES:
            self._check_length()

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        except httptools.HttpParserUpgrade as upgrade:
            if self._wants_upgrade:
                self._parse_without_upgrade(data[upgrade.args[0] :])

    def _parse_without_upgrade(self, rest: bytes) -> None:
        """Read a request again that asks for another protocol, as if it did not (RFC 9110, section 7.8).

        The parser takes the body of such a request for the other protocol, and then for the next request.
        """
        self._wants_upgrade = False
        first = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        lines = (b"%b: %b" % header for header in self.headers if header[0] != b"upgrade")
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self._parse(b"\r\n".join([first, *lines, b"", rest]))

    @property
    def _is_refused(self) -> bool:
        return self._refusal is not None

    def on_message_begin(self) -> None:
        """Begin a request (httptools)."""
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refusal = InvalidRequest(
                f"At most {MAX_PIPELINED} requests of a connection may wait for the responses to earlier ones."
            )
            raise self._refusal  # ends the parsing
        self._request_complete = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin the body of a request (httptools)."""
        if self._received + self._with_others > MAX_HEAD_BYTES:
            self._check_head()
        if self.parser.should_upgrade():
            self._begin_upgrade()
            return
        super().on_headers_complete()  # raises if the URL is malformed
        self._is_in_body = True
        self.scope["extensions"] = {SEND_WHOLE: partial(send_whole, self.cycle)}  # type: ignore[dict-item]
        self.headers = []  # for trailers, which must not become headers: no proxy has checked them

    def on_message_complete(self) -> None:
        """End a request (httptools). The rest of the same data is not counted."""
        if self._wants_upgrade:
            return
        self._request_complete, self._is_in_body, self._received = True, False, 0
        self._with_others = self._data_size
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request (uvicorn). The time limit applies to it as well."""
        self._request_complete = False
        is_last = not self.pipeline
        super().on_response_complete()
        if is_last and self._refusal is not None and not self.transport.is_closing():
            self._refuse(self._refusal)

    def send_400_response(self, msg: str) -> None:
        """Refuse malformed HTTP with a problem document, after the responses to earlier requests, and close."""
        BAD_REQUESTS.inc()
        error = self._refusal or InvalidRequest(f"{msg} Send HTTP/1.1 as RFC 9112 defines it.")
        if self._is_in_body and self.pipeline:
            self.pipeline.popleft()  # the malformed request, which waits
        elif self._is_in_body or self.cycle is None or self.cycle.response_complete:
            self._refuse(error)
            return
        self._refusal = error

    def _begin_upgrade(self) -> None:
        """Note that the request asks for another protocol. The parser reads CONNECT as such a request too."""
        if self.parser.get_method() == b"CONNECT":
            self._refusal = InvalidRequest("This service is not a proxy.")
            raise self._refusal  # ends the parsing
        self._wants_upgrade = True

    def _check_head(self) -> None:
        """Refuse a head that is complete and too long. It can arrive in one piece."""
        request_line = len(b"%b %b HTTP/1.1\r\n" % (self.parser.get_method(), self.url))
        if request_line + sum(len(b": \r\n") + len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES:
            self._refusal = _head_too_long()
            raise self._refusal  # ends the parsing

    def _check_length(self) -> None:
        """Limit the head of a request, and a body in chunks: its framing and trailers can be any multiple of it."""
        if not self._is_in_body:
            self._refusal = _head_too_long()
            self.send_400_response("")
        elif self._received > MAX_CHUNKED_BYTES and any(
            name == b"transfer-encoding" for name, _ in self.scope["headers"]
        ):
            self._drop_rest()

    def _drop_rest(self) -> None:
        """Read no more of a body, and answer the request unless that is done.

        What still comes is dropped until the time limit: a client whose connection is closed while it sends may not
        read the response.
        """
        self._is_too_long = True
        if not self.cycle.response_started:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            BAD_REQUESTS.inc()
            self._write_problem(
                InvalidRequest(
                    f"A chunked request has at most {MAX_CHUNKED_BYTES} bytes. Send the body with Content-Length."
                )
            )

    def _refuse(self, error: ApiError) -> None:
        self._write_problem(error)
        self.transport.close()

    def _write_problem(self, error: ApiError) -> None:
        body = msgspec.json.encode(problem_document(error, self._base_url))
        own = {
            "content-type": PROBLEM_TYPE,
            "content-length": len(body),
            **problem_headers(error),
            "x-request-id": secrets.token_hex(16),
            "connection": "close",
        }
        safe = (NO_STORE, NO_CONTENT, *ON_EVERY_RESPONSE)
        head = (
            f"HTTP/1.1 {error.status} {error.title}",
            *(f"{name.lower()}: {value}" for name, value in own.items()),
            *(f"{name.decode()}: {value.decode()}" for name, value in safe),
        )
        self.transport.write("\r\n".join((*head, "", "")).encode() + body)

    def _start_timeout(self) -> None:
        self._timeout = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _stop_timeout(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None


def _head_too_long() -> InvalidRequest:
    return InvalidRequest(f"The head of the request exceeds {MAX_HEAD_BYTES} bytes.")
