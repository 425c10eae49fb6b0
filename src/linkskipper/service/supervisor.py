"""The worker processes of `serve`: started, watched, started again, stopped."""

import asyncio
import os
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import cast

import msgspec
import structlog

from linkskipper.environment import allowed_environment
from linkskipper.errors import WorkerNotStarted
from linkskipper.metrics import WORKER_PROCESSES, WORKERS_RESTARTED, add_counts
from linkskipper.service.worker_messages import REPORT_SECONDS, WorkerOrders, WorkerReport, read_report

log = structlog.get_logger()

START_SECONDS = 60  # until the first report
SILENCE_SECONDS = 10  # without a report, after which a worker process hangs
STABLE_SECONDS = 10  # a process that lived as long is started again at once
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
MAX_REPORT_BYTES = 8 * 1024 * 1024  # one with as many observations as a worker keeps takes a tenth of that
STOP_SECONDS = 10  # a worker takes up to 7 to let jobs end and to hand back the others

# What a worker may see of the environment besides what every child process may. Its settings come with its orders.
_VARIABLES = ("PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CACHE_HOME", "NO_COLOR", "FORCE_COLOR", "TERM")


class SupervisedWorker:
    """A worker process that is started again when it ends or hangs."""

    def __init__(self, command: Sequence[str], orders: WorkerOrders) -> None:
        self._command = command
        self._orders = orders
        self._process: Process | None = None
        self._stopping = False
        self._silent_seconds = 0
        self._error = ""
        self.report: WorkerReport | None = None
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Let the process end its work. Kill it if it does not end in time."""
        self._stopping = True
        if self._process is None:
            self._running.cancel()
        else:
            self._process.terminate()
            await asyncio.wait([self._running], timeout=STOP_SECONDS)
            self._kill()
        await asyncio.wait([self._running])

    async def _run(self) -> None:
        pause = 0.0
        while True:
            began = time.monotonic()
            code = await self._run_once()
            if self._stopping:
                return
            if not self.started.done():
                self.started.set_exception(WorkerNotStarted(self._error))
                return
            is_stable = time.monotonic() - began >= STABLE_SECONDS
            pause = 0.0 if is_stable else min(max(FIRST_PAUSE_SECONDS, 2 * pause), LONGEST_PAUSE_SECONDS)
            log.error(
                "workers.process_ended", worker=self._orders.name, code=code, error=self._error, restart_seconds=pause
            )
            WORKERS_RESTARTED.inc()
            await asyncio.sleep(pause)

    async def _run_once(self) -> int:
        """Run the process to its end. Return its exit code, which is negative for a signal."""
        environment = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            limit=MAX_REPORT_BYTES,
            env={**allowed_environment(), **environment},
            start_new_session=True,  # Ctrl-C in the terminal is for this process, which ends the workers in order
        )
        self._error = "A worker process ended when it started. The lines above may say why."
        watching = asyncio.create_task(self._kill_if_silent())
        try:
            await self._exchange(process)
            return await process.wait()
        except (LookupError, ValueError, msgspec.MsgspecError) as error:
            self._error = f"A report of the worker process cannot be read: {error}"
            self._kill()
            await cast("asyncio.StreamReader", process.stdout).read()  # to its end, which asyncio waits for
            return await process.wait()
        finally:
            watching.cancel()
            self._process = self.report = None

    async def _exchange(self, process: Process) -> None:
        """Send the orders, and read reports until the process ends."""
        stdin, stdout = cast("asyncio.StreamWriter", process.stdin), cast("asyncio.StreamReader", process.stdout)
        with suppress(ConnectionError):
            stdin.write(self._orders.encode())
            await stdin.drain()
        async for line in stdout:
            self._silent_seconds = 0
            self.report = read_report(line)
            self._error = self.report.error or ""
            add_counts(self.report.counts)
            if self.report.ready and not self.started.done():
                self.started.set_result(None)

    async def _kill_if_silent(self) -> None:
        """Kill a process that sends no reports. Time in which this process is stopped does not count."""
        self._silent_seconds = 0
        while self._silent_seconds < (START_SECONDS if self.report is None else SILENCE_SECONDS):
            await asyncio.sleep(REPORT_SECONDS)
            self._silent_seconds += REPORT_SECONDS
        log.error("workers.process_hung", worker=self._orders.name, silent_seconds=self._silent_seconds)
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()


class WorkerProcesses:
    """The worker processes of a service. The API asks it about them as if they were workers of its own process."""

    def __init__(self, workers: Sequence[SupervisedWorker]) -> None:
        self._workers = workers
        self.providers_changed = asyncio.Event()  # never set: what other processes change is read in time

    @property
    def ready(self) -> bool:
        """Whether at least one process is connected to its queues."""
        return self.ready_count > 0

    @property
    def has_browser(self) -> bool:
        """Whether at least one process has a browser."""
        return any(worker.report.has_browser for worker in self._workers if worker.report is not None)

    @property
    def ready_count(self) -> int:
        """The number of processes that are connected to their queues."""
        return sum(worker.report.ready for worker in self._workers if worker.report is not None)


@asynccontextmanager
async def run_worker_processes(
    command: Sequence[str], orders: Sequence[WorkerOrders]
) -> AsyncIterator[WorkerProcesses]:
    """Run a process of the command for each of the orders until the context ends.

    Raises:
        WorkerNotStarted: a process ended before it was ready. The message is its error.
    """
    workers = [SupervisedWorker(command, order) for order in orders]
    processes = WorkerProcesses(workers)
    WORKER_PROCESSES.set_function(lambda: processes.ready_count)
    try:
        await asyncio.gather(*(worker.started for worker in workers))
        yield processes
    finally:
        await asyncio.gather(*(worker.stop() for worker in workers))
