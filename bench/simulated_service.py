"""A simulated service of several processes, in an event loop whose clock jumps to the next event."""

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from itertools import cycle, islice
from statistics import fmean
from typing import Any, NamedTuple

from linkskipper.database.batching import Batcher
from linkskipper.queue.worker import MAX_BATCH

TRANSACTION_SECONDS = 0.002
"""What a transaction takes on top of its processor time: the network between two machines, and the disk. Assumed."""
SLOTS = 300  # links at once in a worker, as LINKSKIPPER_STANDARD_CONCURRENCY

ADMISSION = 2  # transactions: look in the cache, then hold credits and insert jobs
LOOK = 2  # take nothing, and ask when to look again
TAKE = 1
START = 1
END = 3  # look in the cache, end the jobs, tell the waiting
DELETE = 1  # the queue's entries
API_LISTENERS, WORKER_LISTENERS = 1, 3
"""Connections of a process that listen. PostgreSQL wakes all of them for every notice, in a transaction of its own."""
NOTICES = 3  # of a new entry, of an end, and of an entry that is deleted
API_TRANSACTIONS = ADMISSION
WORKER_TRANSACTIONS = LOOK + TAKE + START + END + DELETE
TRANSACTIONS = API_TRANSACTIONS + WORKER_TRANSACTIONS
"""Transactions of a link that shares none."""

SECONDS = 10.0
WARM_UP_SECONDS = 3.0
CLOSED_LINKS = 1000


class Costs(NamedTuple):
    """Seconds of processor time of each part, for a link and for a transaction, and of PostgreSQL for a connection that
    hears a notice.
    """

    api_link: float
    api_transaction: float
    worker_link: float
    worker_transaction: float
    database_link: float
    database_transaction: float
    database_notice: float


class Outcome(NamedTuple):
    """What a service did: transactions of a link, the busy share of its processes, busy cores of PostgreSQL, and the
    seconds until links were accepted and done, those of their own sites not counted.
    """

    transactions: float
    api: float
    worker: float
    database: float
    accepted: list[float]
    added: list[float]


class _JumpingClock(selectors.SelectSelector):
    """Jump to the next event instead of waiting for it."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will happen any more"
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which sleeping takes no time."""

    def __init__(self) -> None:
        self._virtual = _JumpingClock()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the seconds of the simulation."""
        return self._virtual.now


def simulate(run: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run a simulation to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(run)


class Processor:
    """Cores that are shared, first come, first served. `used` is their seconds of work."""

    def __init__(self, cores: int = 1) -> None:
        self._free = asyncio.Semaphore(cores)
        self.used = 0.0

    async def work(self, seconds: float) -> None:
        """Hold a core for some seconds."""
        async with self._free:
            await asyncio.sleep(seconds)
        self.used += seconds


class Process:
    """A process with one core, and its connection to the database."""

    def __init__(self, service: "Simulation", transaction_seconds: float) -> None:
        self.processor = Processor()
        self.service = service
        self._seconds = transaction_seconds

    async def transactions(self, count: int, links: int = 0) -> None:
        """Run transactions, one after the other. The last one costs what its links cost."""
        service = self.service
        for number in range(count):
            shared = links if number == count - 1 else 0
            service.transactions += 1
            await self.processor.work(self._seconds)
            await service.database.work(service.costs.database_transaction + shared * service.costs.database_link / 4)
            await asyncio.sleep(TRANSACTION_SECONDS)

    def batcher(self, transactions: int, *, tells: bool = False) -> Callable[[object], Awaitable[None]]:
        """Return transactions that simultaneous calls share, as in the service. The last one may send a notice."""

        async def run(items: list[object]) -> list[None]:
            await self.transactions(transactions, len(items))
            if tells:
                self.service.tell()
            return [None] * len(items)

        return Batcher(run)


class Api(Process):
    """Accept links: look each up in the cache, hold its credits and queue it."""

    def __init__(self, service: "Simulation") -> None:
        super().__init__(service, service.costs.api_transaction)
        self._find, self._insert = self.batcher(1), self.batcher(ADMISSION - 1, tells=True)

    async def accept(self) -> None:
        """Accept a link, and tell all workers."""
        service, begin = self.service, asyncio.get_running_loop().time()
        await self.processor.work(service.costs.api_link)
        await self._find(None)
        await self._insert(None)
        service.accepted.append(asyncio.get_running_loop().time() - begin)
        service.queue.append((begin, random.expovariate(1 / service.link_seconds)))
        for worker in service.workers:
            worker.told.set()


class Worker(Process):
    """Take links in batches while slots are free, and resolve each."""

    def __init__(self, service: "Simulation") -> None:
        super().__init__(service, service.costs.worker_transaction)
        self.told = asyncio.Event()
        self._slots = SLOTS
        self._start = self.batcher(START)
        self._end, self._delete = self.batcher(END, tells=True), self.batcher(DELETE, tells=True)

    async def run(self) -> None:
        """Take links whenever told."""
        queue = self.service.queue
        while True:
            await self.told.wait()
            self.told.clear()
            while queue and self._slots:
                links = [queue.popleft() for _ in range(min(MAX_BATCH, self._slots, len(queue)))]
                self._slots -= len(links)
                await self.transactions(TAKE, len(links))
                for begin, seconds in links:
                    self.service.start(self._resolve(begin, seconds))
            await self.transactions(LOOK)

    async def _resolve(self, begin: float, seconds: float) -> None:
        service = self.service
        await self._start(None)
        await asyncio.sleep(seconds)
        await self.processor.work(service.costs.worker_link)
        await self._end(None)
        service.added.append(asyncio.get_running_loop().time() - begin - seconds)
        await self._delete(None)
        self._slots += 1
        if service.queue:
            self.told.set()


class Simulation:
    """A service whose processes have a core each, and whose database has `cores`."""

    def __init__(self, costs: Costs, apis: int, workers: int, cores: int, link_seconds: float) -> None:
        self.costs, self.link_seconds = costs, link_seconds
        self.database = Processor(cores)
        self.queue: deque[tuple[float, float]] = deque()
        self.transactions = 0
        self.accepted: list[float] = []
        self.added: list[float] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.workers: Sequence[Worker] = ()
        self._shape = apis, workers

    async def run_open(self, rate: float) -> Outcome:
        """Let links arrive at random, `rate` a second. Those after the warm-up count."""
        apis = self._start_processes()
        await self._arrive(apis, rate, WARM_UP_SECONDS)
        processors = [self.database, *(one.processor for one in (*apis, *self.workers))]
        for processor in processors:
            processor.used = 0.0
        self.transactions, self.accepted, self.added, begin = 0, [], [], asyncio.get_running_loop().time()
        await self._arrive(apis, rate, SECONDS)
        return self._outcome(apis, asyncio.get_running_loop().time() - begin)

    async def run_closed(self, at_once: int) -> Outcome:
        """Send links over connections, each of which sends the next one when the last one is accepted."""
        apis, left = self._start_processes(), iter(range(CLOSED_LINKS))

        async def connection() -> None:
            for _ in left:
                await apis[0].accept()

        begin = asyncio.get_running_loop().time()
        await asyncio.gather(*(connection() for _ in range(at_once)))
        while len(self.added) < CLOSED_LINKS:
            await asyncio.sleep(0.01)
        return self._outcome(apis, asyncio.get_running_loop().time() - begin)

    def tell(self) -> None:
        """Wake every connection that listens."""
        apis, workers = self._shape
        listeners = apis * API_LISTENERS + workers * WORKER_LISTENERS
        self.transactions += listeners
        self.start(self.database.work(listeners * self.costs.database_notice))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin work that ends by itself, or with the simulation."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _start_processes(self) -> list[Api]:
        apis, workers = self._shape
        self.workers = [Worker(self) for _ in range(workers)]
        for worker in self.workers:
            self.start(worker.run())
        return [Api(self) for _ in range(apis)]

    async def _arrive(self, apis: Sequence[Api], rate: float, seconds: float) -> None:
        for api in islice(cycle(apis), round(rate * seconds)):
            await asyncio.sleep(random.expovariate(rate))
            self.start(api.accept())

    def _outcome(self, apis: Sequence[Api], seconds: float) -> Outcome:
        return Outcome(
            self.transactions / len(self.added),
            fmean(api.processor.used for api in apis) / seconds,
            fmean(worker.processor.used for worker in self.workers) / seconds,
            self.database.used / seconds,
            self.accepted,
            self.added,
        )
