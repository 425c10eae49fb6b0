"""Limit the streams that are open at a time."""

import weakref
from collections import Counter
from collections.abc import AsyncGenerator, Hashable
from contextlib import AbstractContextManager


class StreamPlace(AbstractContextManager["StreamPlace"]):
    """The place of one stream. It is free again after `with`, or once no stream holds it any longer.

    The response to a client that has gone is never begun, so its stream ends without having run. One that is cut while
    it sends waits for the garbage collector, unless it is closed (`close_stream`).
    """

    def __init__(self, places: "StreamPlaces", owner: Hashable) -> None:
        self._leave = weakref.finalize(self, places.leave, owner)

    def __exit__(self, *_: object) -> None:
        self._leave()


class StreamPlaces:
    """The places that each owner has in this process.

    A place is taken when the request is judged. A stream that is counted when it begins would let any number of
    requests pass that come at the same moment.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: Counter[Hashable] = Counter()

    def take(self, owner: Hashable) -> StreamPlace | None:
        """Take a place. Return None if the owner has none left."""
        if self._taken[owner] >= self._limit:
            return None
        self._taken[owner] += 1
        return StreamPlace(self, owner)

    def leave(self, owner: Hashable) -> None:
        """Count a stream that has ended."""
        self._taken[owner] -= 1
        if not self._taken[owner]:
            del self._taken[owner]


async def close_stream(response: object) -> None:
    """Close the generator that a response sends, if it sends one, now that the response has ended in any way."""
    stream = getattr(response, "body_iterator", None)
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()
