"""Failures on the wire, on real sockets, with the sync and the async client."""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from linkskipper_sdk import (
    AsyncLinkSkipper,
    LinkSkipper,
    LinkSkipperError,
    NetworkError,
    RequestTimeoutError,
    RetryPolicy,
    UnexpectedResponseError,
    WaitTimeout,
)
from support.server import Script, raw_server

ONCE = RetryPolicy(max_attempts=1)
Call = Callable[..., LinkSkipperError]


def sync_error(url: str, method: str = "account", *arguments: Any, **options: Any) -> LinkSkipperError:
    """Return the error of a call with the sync client."""
    with LinkSkipper("sk_live_x", base_url=url, retry=ONCE, **options) as client:
        with pytest.raises(LinkSkipperError) as failure:
            getattr(client, method)(*arguments)
        return failure.value


def async_error(url: str, method: str = "account", *arguments: Any, **options: Any) -> LinkSkipperError:
    """Return the error of a call with the async client."""

    async def call() -> LinkSkipperError:
        async with AsyncLinkSkipper("sk_live_x", base_url=url, retry=ONCE, **options) as client:
            with pytest.raises(LinkSkipperError) as failure:
                await getattr(client, method)(*arguments)
            return failure.value

    return asyncio.run(call())


@pytest.fixture(params=[sync_error, async_error], ids=["sync", "async"])
def error_of(request: pytest.FixtureRequest) -> Call:
    """Call with the sync or the async client."""
    call: Call = request.param
    return call


def send(*parts: bytes, pause: float = 0.0) -> Script:
    """Return a script that sends parts with a pause after each."""

    def script(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return script


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def test_a_refused_connection(error_of: Call) -> None:
    """Nothing listens: a network error with its cause."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = error_of(f"http://127.0.0.1:{port}")
    assert type(error) is NetworkError
    assert error.cause is error.__cause__ is not None


@pytest.mark.parametrize(
    "script",
    [
        send(b""),
        send(HEAD + b"Content-Length: 100\r\n\r\n{"),
        send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
        send(b"SSH-2.0-OpenSSH_9.2\r\n"),
        send(b"\x16\x03\x01\x00\x05hello"),
        send(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
        send(HEAD + b"Content-Length: x\r\n\r\n{}"),
        send(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 200_000),
    ],
    ids=["nothing", "cut body", "cut chunk", "another protocol", "tls", "wrong encoding", "wrong length", "huge head"],
)
def test_what_is_not_an_answer(script: Script, error_of: Call) -> None:
    """An answer that is cut, or that is not HTTP, is a network error."""
    with raw_server(script) as url:
        assert type(error_of(url)) is NetworkError


def test_a_server_that_is_silent(error_of: Call) -> None:
    """The attempt ends by its timeout."""
    with raw_server(lambda _: time.sleep(5)) as url:
        began = time.monotonic()
        assert type(error_of(url, timeout=0.3)) is RequestTimeoutError
        assert time.monotonic() - began < 4


def test_a_body_that_drips(error_of: Call) -> None:
    """The timeout is for the whole attempt, not for each byte."""
    with raw_server(send(HEAD + b"Content-Length: 100\r\n\r\n", *[b" "] * 100, pause=0.1)) as url:
        began = time.monotonic()
        assert type(error_of(url, timeout=0.5)) is RequestTimeoutError
        assert time.monotonic() - began < 5


def test_a_body_without_end(error_of: Call) -> None:
    """A body of more than 16 MB is given up."""

    def script(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"\r\n")
        while True:
            connection.sendall(b" " * 1_000_000)

    with raw_server(script) as url:
        error = error_of(url)
    assert type(error) is NetworkError
    assert "larger" in error.message


def test_html_of_a_proxy(error_of: Call) -> None:
    """HTML is shown in the error."""
    page = b"<html>Sign in to the hotel Wi-Fi</html>"
    with raw_server(
        send(b"HTTP/1.1 511 X\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
    ) as url:
        error = error_of(url)
    assert isinstance(error, UnexpectedResponseError)
    assert error.status == 511
    assert "hotel Wi-Fi" in error.message


def test_a_redirect_is_not_followed(error_of: Call) -> None:
    """A redirect to a place of strangers does not carry the key there."""
    visited: list[bytes] = []

    def stranger(connection: socket.socket) -> None:
        visited.append(b"visited")
        send(HEAD + b"Content-Length: 2\r\n\r\n{}")(connection)

    with raw_server(stranger) as other:
        script = send(b"HTTP/1.1 302 Found\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n" % other.encode())
        with raw_server(script) as url:
            error = error_of(url)
    assert isinstance(error, UnexpectedResponseError)
    assert other in error.message
    assert visited == []


def test_the_deadline_of_a_wait(error_of: Call) -> None:
    """A silent service does not hold up a wait beyond its deadline."""
    with raw_server(lambda _: time.sleep(5)) as url:
        began = time.monotonic()
        error = error_of(url, "resolve_and_wait", "https://tinyurl.com/x", max_wait=0.5)
    assert isinstance(error, WaitTimeout)
    assert isinstance(error, TimeoutError)
    assert isinstance(error.last_error, RequestTimeoutError)
    assert 0.4 <= time.monotonic() - began < 4
