"""A worker process of `serve`: it works by the orders that standard input brings, and reports on standard output."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from linkskipper.errors import OperatorError
from linkskipper.metrics import CountReader
from linkskipper.periodic import Periodic
from linkskipper.service import process
from linkskipper.service.catalogs import live_catalog
from linkskipper.service.database import checked_pool
from linkskipper.service.worker import TIERS, Workers, run_workers
from linkskipper.service.worker_messages import REPORT_SECONDS, WorkerOrders, WorkerReport

STDIN, STDOUT, STDERR = 0, 1, 2


def take_stdout() -> int:
    """Return a descriptor for the reports, and lead standard output to standard error: libraries may print."""
    sys.stdout.flush()
    reports = os.dup(STDOUT)
    os.dup2(STDERR, STDOUT)
    return reports


async def work(orders: WorkerOrders, reports: int) -> None:
    """Work until a signal comes or `serve` ends. Then let the work end in order."""
    async with _reporting(reports) as reporter:
        try:
            await _work(orders, reporter)
        except OperatorError as error:
            reporter.error = str(error)


async def _work(orders: WorkerOrders, reporter: "Reporter") -> None:
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(process.stop_requested())
        _stop_with_parent(stop)
        pool = await stack.enter_async_context(checked_pool(orders.settings, orders.database_url))
        catalog = stack.enter_context(live_catalog(orders.settings, beneath=orders.beneath))
        reporter.workers = await stack.enter_async_context(
            run_workers(orders.settings, orders.database_url, pool, catalog, TIERS)
        )
        await process.stay(stop)


class Reporter:
    """Sends reports. It keeps them short while the pipe is full, and loses no count."""

    def __init__(self, pipe: asyncio.WriteTransport) -> None:
        self._pipe = pipe
        self._counts = CountReader()
        self.workers: Workers | None = None
        self.error: str | None = None

    async def send(self) -> None:
        """Send a report, unless the last one is still in the pipe."""
        if self._pipe.get_write_buffer_size() or self._pipe.is_closing():
            return
        workers = self.workers
        report = WorkerReport(
            ready=workers is not None and workers.ready,
            has_browser=workers is not None and workers.has_browser,
            counts=self._counts.read_new(),
            error=self.error,
        )
        self._pipe.write(msgspec.json.encode(report) + b"\n")


@asynccontextmanager
async def _reporting(descriptor: int) -> AsyncIterator[Reporter]:
    loop = asyncio.get_running_loop()
    pipe, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(descriptor, "wb", buffering=0))
    reporter = Reporter(pipe)
    reporting = Periodic("worker.report", reporter.send, every=REPORT_SECONDS).start()
    try:
        yield reporter
    finally:
        reporting.cancel()
        await reporter.send()
        pipe.close()


def _stop_with_parent(stop: asyncio.Event) -> None:
    """Set the event when standard input ends."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        if not os.read(STDIN, 1):
            loop.remove_reader(STDIN)
            stop.set()

    loop.add_reader(STDIN, read)
