"""A reader process, as its parent sees it."""

import asyncio
import os
import signal
import sys
import weakref
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any, NamedTuple, cast

import msgspec

from linkskipper.environment import allowed_environment
from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.reader.child import OUT_OF_MEMORY, main
from linkskipper.resolver.reader.messages import LENGTH_BYTES, Answer, Question

_COMMAND = (sys.executable, "-P", "-c", f"from {main.__module__} import main; main()")
_EXHAUSTED = frozenset({-signal.SIGPROF, OUT_OF_MEMORY})
_MAX_ANSWER = 64 * 1024 * 1024  # bytes


class ReaderLost(Exception):
    """The process ended before it answered. `code` is its exit code, which is negative for a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the reader ended with {code}")
        self.code = code
        self.is_exhausted = code in _EXHAUSTED


class Reading(NamedTuple):
    """What a function returned, or the `Stop` that it raised, and the processor time that it took, in seconds."""

    result: Any
    seconds: float


class ReaderProcess:
    """A process that answers one question at a time.

    Attributes:
        pid: Its process id.
    """

    def __init__(self, process: Process) -> None:
        self.pid = process.pid
        self._page: weakref.ref[Page] | None = None  # the link of a page may have ended, and needs no memory then
        self._process = process
        self._stdin = cast("asyncio.StreamWriter", process.stdin)
        self._stdout = cast("asyncio.StreamReader", process.stdout)

    @classmethod
    async def start(cls) -> "ReaderProcess":
        """Start a process.

        Raises:
            OSError: The system refuses.
        """
        environment = {**allowed_environment(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        return cls(
            await asyncio.create_subprocess_exec(
                *_COMMAND,
                stdin=PIPE,
                stdout=PIPE,
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is for the parent
            )
        )

    def has(self, page: Page) -> bool:
        """Tell whether the last question was about a page, which the process still has."""
        return self._page is not None and self._page() is page

    async def ask(self, question: Question, page: Page) -> Reading:
        """Return the answer to a question about a page.

        Raises:
            ReaderLost: The process ended.
        """
        self._page = weakref.ref(page)
        try:
            self._stdin.write(question.encode())
            await self._stdin.drain()
            length = int.from_bytes(await self._stdout.readexactly(LENGTH_BYTES), "big")
            message = await self._stdout.readexactly(min(length, _MAX_ANSWER))
            return _read(msgspec.msgpack.decode(message, type=Answer), question)
        except (ConnectionError, asyncio.IncompleteReadError):
            raise ReaderLost(await self.wait()) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.kill()
            raise ReaderLost(await self.wait()) from None

    def kill(self) -> None:
        """Kill the process, unless it has ended."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def wait(self) -> int:
        """Return the exit code once the process has ended."""
        self._stdin.close()
        return await self._process.wait()


def _read(answer: Answer, question: Question) -> Reading:
    try:
        return Reading(answer.result_of(question.function), answer.seconds)
    except Stop as stop:
        return Reading(stop, answer.seconds)
