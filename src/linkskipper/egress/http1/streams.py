"""Read heads from asyncio's streams."""

import asyncio

from linkskipper.egress.errors import HeadersTooLarge, Unreachable
from linkskipper.egress.http1.head import split_head

_READ_BYTES = 64 * 1024


async def read_head(reader: asyncio.StreamReader, limit: int, begun: bytes = b"") -> tuple[bytes, bytes]:
    """Return the next head without the empty line at its end, and the bytes that came after it.

    `begun` is what was read before.

    Raises:
        Unreachable: The connection ended early.
        HeadersTooLarge: The head is longer than `limit` bytes.
    """
    buffer, searched = bytearray(begun), 0
    while (head := split_head(buffer, searched)) is None:
        searched = len(buffer)
        if searched > limit:
            raise HeadersTooLarge("the header fields are over their limit")
        data = await reader.read(_READ_BYTES)
        if not data:
            raise Unreachable("the connection ended early")
        buffer += data
    if len(head) > limit:
        raise HeadersTooLarge("the header fields are over their limit")
    return head, bytes(buffer)
