"""The metrics of GET /metrics (docs/reference/metrics.md). Each changes where its event happens."""

from collections.abc import Iterable

import msgspec
from prometheus_client import Counter, Gauge

RESOLVES = Counter("linkskipper_resolves_total", "Accepted resolve requests, by the kind of answer.", ["answer"])
CACHED, QUEUED = RESOLVES.labels("cached"), RESOLVES.labels("queued")
BAD_REQUESTS = Counter("linkskipper_bad_requests_total", "Connections that were closed because of malformed HTTP.")
CONNECTIONS_REFUSED = Counter("linkskipper_connections_refused_total", "Connections over a limit on their number.")
JOBS_ENDED = Counter("linkskipper_jobs_ended_total", "Jobs that ended in this process.", ["status", "reason"])
LIMITS_STORE_AWAY = Gauge("linkskipper_limits_store_away", "1 while the shared store of limits does not respond.")
QUEUE_WAITING = Gauge("linkskipper_queue_waiting", "Entries that are due, up to 10,000.", ["queue"])
QUEUE_OLDEST_SECONDS = Gauge("linkskipper_queue_oldest_seconds", "Age of the oldest entry that is due.", ["queue"])
QUEUE_LOST = Gauge("linkskipper_queue_lost", "Entries in progress without a heartbeat for a minute.", ["queue"])
REQUESTS_NOT_LOGGED = Counter(
    "linkskipper_requests_not_logged_total", "API requests that the request log dropped because too many waited."
)
WEBHOOK_ATTEMPTS = Counter("linkskipper_webhook_attempts_total", "Attempts to deliver an event.", ["outcome"])
WEBHOOKS_ENDED = Counter("linkskipper_webhooks_ended_total", "Deliveries that ended in this process.", ["status"])
WEBHOOK_HOSTS_PAUSED = Counter("linkskipper_webhook_hosts_paused_total", "Receiving hosts that this process paused.")
WORKER_PROCESSES = Gauge("linkskipper_worker_processes", "Worker processes of serve that are connected to the queues.")
WORKERS_RESTARTED = Counter(
    "linkskipper_workers_restarted_total", "Worker processes that ended and were started again."
)

# Those that worker processes hand on to the process that serves /metrics.
_SHARED = {
    "jobs_ended": JOBS_ENDED,
    "attempts": WEBHOOK_ATTEMPTS,
    "ended": WEBHOOKS_ENDED,
    "paused": WEBHOOK_HOSTS_PAUSED,
}


class Count(msgspec.Struct, frozen=True, array_like=True):
    """What a counter gained for one combination of its labels."""

    counter: str
    labels: dict[str, str]
    amount: float


class CountReader:
    """Reads what the counters of this process gained since the last call."""

    def __init__(self) -> None:
        self._read: dict[tuple[object, ...], float] = {}

    def read_new(self) -> list[Count]:
        """Return the counts that grew since the last call."""
        grown = []
        for name, counter in _SHARED.items():
            for metric in counter.collect():
                for sample in metric.samples:
                    key = name, *sample.labels.items()
                    if sample.name.endswith("_total") and sample.value > self._read.get(key, 0):
                        grown.append(Count(name, sample.labels, sample.value - self._read.get(key, 0)))
                        self._read[key] = sample.value
        return grown


def add_counts(counts: Iterable[Count]) -> None:
    """Add what the counters of another process gained to those of this process."""
    for count in counts:
        counter = _SHARED[count.counter]
        (counter.labels(**count.labels) if count.labels else counter).inc(count.amount)
