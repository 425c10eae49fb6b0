"""Bound the messages of the browser's driver. A page decides how long they are, and this process reads each whole."""

import asyncio
from asyncio.subprocess import Process
from typing import Any, cast

from linkskipper.logs import LibraryLogger

MAX_MESSAGE = 32 * 1024 * 1024  # bytes. The elements of a page within the limits take three quarters of that at most
MAX_PIECE = 64 * 1024
_log = LibraryLogger(__name__)


class BoundedMessages:
    """The standard output of a driver, as Playwright reads it: the length of a message in four bytes, then its parts.

    A message that is too long ends the driver.
    """

    def __init__(self, driver: Process) -> None:
        self._driver = driver
        self._stream = cast("asyncio.StreamReader", driver.stdout)
        self._left = 0  # bytes of the message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def readexactly(self, count: int) -> bytes:
        """Read this many bytes.

        Raises:
            asyncio.IncompleteReadError: The driver has ended, or sends a message that is too long.
        """
        data = await self._stream.readexactly(count)
        if self._left:
            self._left -= count
            return data
        self._left = int.from_bytes(data, "little")
        if self._left > MAX_MESSAGE:
            _log.warning("browser.message_too_long", bytes=self._left)
            self._driver.kill()
            while await self._stream.read(MAX_PIECE):
                pass  # asyncio sees the end of a process only once its output is read
            raise asyncio.IncompleteReadError(b"", self._left)
        return data
