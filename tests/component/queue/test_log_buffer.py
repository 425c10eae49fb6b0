"""The buffer of entries that have ended."""

import asyncio
from typing import Any

import pytest

from linkskipper.queue import QueueItem, QueueWorker
from linkskipper.queue.log_buffer import LogBuffer


class Log:
    """Takes entries, except for the first times. A failure takes some seconds."""

    def __init__(self, *, failures: int = 0, seconds: float = 0) -> None:
        self.failures = failures
        self.seconds = seconds
        self.batches: list[list[Any]] = []
        self.written = asyncio.Event()

    async def log_jobs(self, job_status: list[Any]) -> None:
        if self.failures:
            self.failures -= 1
            await asyncio.sleep(self.seconds)
            raise ConnectionError
        self.batches.append(job_status)
        self.written.set()


async def test_entries_that_end_together_are_one_batch() -> None:
    log = Log()
    async with LogBuffer(max_size=10, repository=log) as buffer:
        for number in range(3):
            await buffer.add(number)
        async with asyncio.timeout(20):
            await log.written.wait()
    assert log.batches == [[0, 1, 2]]


async def test_entries_are_written_later_if_the_database_fails() -> None:
    log = Log(failures=2)
    async with LogBuffer(max_size=10, repository=log) as buffer:
        await buffer.add(1)
        async with asyncio.timeout(20):
            await log.written.wait()
    assert log.batches == [[1]]


async def test_a_full_batch_that_fails_slowly_is_written_later() -> None:
    """A full batch is written at once. If that fails after the buffer has looked again, it is not forgotten."""
    log = Log(failures=1, seconds=0.3)
    async with LogBuffer(max_size=3, repository=log) as buffer:
        for number in range(3):
            await buffer.add(number)
        async with asyncio.timeout(20):
            await log.written.wait()
    assert log.batches == [[0, 1, 2]]


async def test_entries_are_written_at_the_end() -> None:
    log = Log()
    async with LogBuffer(max_size=10, repository=log) as buffer:
        await buffer.add(1)
    assert log.batches == [[1]]


def test_an_empty_buffer_sleeps() -> None:
    """Nothing wakes the event loop for a buffer in which nothing is."""

    async def timers() -> list[asyncio.TimerHandle]:
        async with LogBuffer(max_size=10, repository=Log()):
            await asyncio.sleep(0)
            return list(asyncio.get_running_loop()._scheduled)  # type: ignore[attr-defined]

    with asyncio.Runner() as runner:
        assert runner.run(timers()) == []


@pytest.mark.usefixtures("pool")
async def test_workers_use_it(database_url: str) -> None:
    worker = QueueWorker(database_url, {"letters": 0}, handle, concurrency=4, lease_seconds=60)
    task = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        while LogBuffer.periodic_flush.__qualname__ not in names_of_tasks():
            await asyncio.sleep(0.01)
    worker.stop()
    await task


async def handle(_: QueueItem) -> bool:
    return True


def names_of_tasks() -> set[str]:
    return {getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()}
