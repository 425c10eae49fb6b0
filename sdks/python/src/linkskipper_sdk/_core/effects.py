"""The effects that flows yield to their driver, and the replies that they get."""

from collections.abc import Generator, Mapping
from typing import NamedTuple, TypeAlias, TypeVar

from linkskipper_sdk.errors import NetworkError

T = TypeVar("T")


class Request(NamedTuple):
    """An HTTP request without its key, which only the transport adds: a traceback with locals does not show it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


class Response(NamedTuple):
    """An HTTP answer. The names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Send(NamedTuple):
    """Send a request and reply with the answer, or with the error after at most ``timeout`` seconds."""

    request: Request
    timeout: float


class Sleep(NamedTuple):
    """Reply after this time."""

    seconds: float


class Gate(NamedTuple):
    """Reply when the rate limit of a run of many links has room for a call."""


class Pause(NamedTuple):
    """Close the gate of a run for this time. Reply at once."""

    seconds: float


Effect: TypeAlias = Send | Sleep | Gate | Pause
Reply: TypeAlias = Response | NetworkError | None
Flow: TypeAlias = Generator[Effect, Reply, T]
