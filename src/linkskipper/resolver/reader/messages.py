"""What a reader process is asked, and what it answers.

Questions go to the process as pickles. Its answers are decoded by the type of the question's function and never
unpickled: a page that takes over its reader gains nothing more.
"""

import pickle
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, get_type_hints

import msgspec
from multidict import CIMultiDict, CIMultiDictProxy

from linkskipper.egress import Response, Url
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.reasons import Reason

LENGTH_BYTES = 4


class PageData(NamedTuple):
    """A page without what has been read out of it. Its frames are pages of their own."""

    url: Url
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    media_type: str
    charset: str | None

    @classmethod
    def of(cls, page: Page) -> "PageData":
        """Return the data of a page."""
        response = page.response
        headers = list(response.headers.items())
        return cls(page.url, page.status, headers, response.body, response.media_type, response.charset)

    def page(self) -> Page:
        """Return the page."""
        headers = CIMultiDictProxy(CIMultiDict(self.headers))
        return Page(Response(self.url, self.status, headers, self.body, self.media_type, self.charset))


class Question(NamedTuple):
    """A function to call with a page.

    Attributes:
        function: A function of a module. Its first parameter is the page.
        page: The page, or None for the page of the last question.
        arguments: The other arguments.
        options: The arguments by name.
        seconds: The processor time that the answer may take.
    """

    function: Callable[..., Any]
    page: PageData | None
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    seconds: float

    def encode(self) -> bytes:
        """Return the bytes of the message."""
        message = pickle.dumps(self, pickle.HIGHEST_PROTOCOL)
        return len(message).to_bytes(LENGTH_BYTES, "big") + message


class StopData(msgspec.Struct):
    """The members of a `Stop` that a function raised."""

    reason: Reason
    detail: str


class Answer(msgspec.Struct):
    """What a function returned or raised, and the processor time that it took."""

    seconds: float
    result: msgspec.Raw = msgspec.Raw(b"\xc0")
    stopped: StopData | None = None

    def encode(self) -> bytes:
        """Return the bytes of the message."""
        message = msgspec.msgpack.encode(self)
        return len(message).to_bytes(LENGTH_BYTES, "big") + message

    def result_of(self, function: Callable[..., Any]) -> Any:
        """Return the result of the function.

        Raises:
            Stop: The function raised it.
        """
        if self.stopped is not None:
            raise Stop(self.stopped.reason, self.stopped.detail)
        return _result_decoder(function).decode(self.result)


@cache
def _result_decoder(function: Callable[..., Any]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(get_type_hints(function)["return"])
