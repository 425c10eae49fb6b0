"""HTTP/1.1 as uvicorn speaks it, strict with those who do not speak it, or not in time."""

import asyncio
import secrets
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from linkskipper.api import problems
from linkskipper.errors import InvalidRequest

MAX_HEAD_BYTES = 64 * 1024
REQUEST_SECONDS = 20  # from a request's first byte to its last; a body holds 64 KiB at most


class Protocol(HttpToolsProtocol):
    """One connection. What is no HTTP gets a problem document; a request that is not whole in time ends it."""

    def __init__(self, *, base_url: str, **given: Any) -> None:
        super().__init__(**given)
        self._base_url = base_url
        self._complete = False
        self._head: int | None = None  # bytes of an unfinished one
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol; most requests come whole, and need no timer."""
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > MAX_HEAD_BYTES:
                self.send_400_response(f"The request's head is over {MAX_HEAD_BYTES} bytes.")
        if self._complete:
            self._rest()
        elif self._patience is None:
            self._be_patient()

    def on_message_begin(self) -> None:
        """See httptools."""
        self._complete, self._head = False, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._head = None
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """See uvicorn; what comes next must become a request in time, too."""
        self._complete = False
        super().on_response_complete()

    def on_message_complete(self) -> None:
        """See httptools."""
        self._complete = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Say in the form of all errors that this is no HTTP (api.md, "Errors")."""
        problem = InvalidRequest(f"{msg} Send HTTP/1.1 as RFC 9112 has it.")
        body = msgspec.json.encode(problems.document(problem, self._base_url))
        head = (
            "HTTP/1.1 400 Bad Request",
            f"content-type: {problems.PROBLEM}",
            f"content-length: {len(body)}",
            f"x-request-id: {secrets.token_hex(16)}",
            "connection: close",
        )
        self.transport.write("\r\n".join((*head, "", "")).encode() + body)
        self.transport.close()

    def _be_patient(self) -> None:
        self._patience = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
