"""The program of a reader process: it answers questions about pages until standard input ends.

The process limits itself, so that it ends even if its parent was killed. A page that takes too long ends the process by
SIGPROF, whatever C code is running. A page that needs too much memory ends it too.
"""

import contextlib
import os
import pickle
import resource
import signal
from time import process_time
from typing import BinaryIO

import msgspec

from linkskipper.resolver.errors import Stop
from linkskipper.resolver.pages.page import Page
from linkskipper.resolver.reader.messages import LENGTH_BYTES, Answer, Question, StopData

MEMORY_BYTES = 512 * 1024 * 1024
OUT_OF_MEMORY = 70
STDIN, STDOUT, STDERR = 0, 1, 2


def main() -> None:
    """Answer each question in turn."""
    _limit_process()
    answers = os.fdopen(os.dup(STDOUT), "wb")
    os.dup2(STDERR, STDOUT)  # libraries may print
    with os.fdopen(STDIN, "rb") as questions:
        try:
            _answer_all(questions, answers)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)


def _answer_all(questions: BinaryIO, answers: BinaryIO) -> None:
    page: Page | None = None
    while head := questions.read(LENGTH_BYTES):
        question: Question = pickle.loads(questions.read(int.from_bytes(head, "big")))  # noqa: S301 - from the parent
        page = question.page.page() if question.page is not None else page
        signal.setitimer(signal.ITIMER_PROF, question.seconds)
        answer = _answer(question, page)
        signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(answer.encode())
        answers.flush()


def _answer(question: Question, page: Page | None) -> Answer:
    began = process_time()
    try:
        result = msgspec.Raw(msgspec.msgpack.encode(question.function(page, *question.arguments, **question.options)))
    except Stop as stop:
        return Answer(process_time() - began, stopped=StopData(stop.reason, stop.detail))
    return Answer(process_time() - began, result)


def _limit_process() -> None:
    with contextlib.suppress(ValueError, OSError):  # macOS does not limit memory
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
