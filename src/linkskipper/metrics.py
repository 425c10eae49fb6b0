"""The metrics of GET /metrics. Each changes where its event happens. `make reference` lists them in docs/reference."""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec
from prometheus_client import Counter, Gauge, Histogram

RESOLVES = Counter(
    "linkskipper_resolves_total", "Accepted resolve requests. `answer` is `cached` or `queued`", ["answer"]
)
CACHED, QUEUED = RESOLVES.labels("cached"), RESOLVES.labels("queued")
BAD_REQUESTS = Counter("linkskipper_bad_requests_total", "Connections that were closed because of malformed HTTP")
CONNECTIONS_REFUSED = Counter(
    "linkskipper_connections_refused_total", "Connections that were refused because too many were open"
)
REQUESTS_NOT_LOGGED = Counter(
    "linkskipper_requests_not_logged_total",
    "API requests that the log of requests dropped because too many waited for the database",
)
LIMITS_STORE_AWAY = Gauge("linkskipper_limits_store_away", "1 while the shared store of limits does not respond")

JOBS_ENDED = Counter("linkskipper_jobs_ended_total", "Jobs that ended in this process", ["status", "reason"])
JOBS_ENDED.labels("failed", "internal_error")  # Prometheus sees no rise in the first value of a new series
JOB_SECONDS = Histogram(
    "linkskipper_job_seconds",
    "Seconds from submission to end of the jobs that ended in this process",
    ["tier", "status"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 300),
)
EGRESS_REFUSALS = Counter("linkskipper_egress_refusals_total", "Connections that the egress guard refused")
CIRCUITS_OPEN = Gauge("linkskipper_circuits_open", "Hosts of providers whose circuit is not closed")
PROVIDERS_OFF = Gauge("linkskipper_providers_off", "Providers that an operator switched off")

QUEUE_WAITING = Gauge(
    "linkskipper_queue_waiting",
    "Entries that are due, up to 10,000. Every API process measures the whole queue every 10 seconds: take the maximum",
    ["queue"],
)
QUEUE_OLDEST_SECONDS = Gauge("linkskipper_queue_oldest_seconds", "Age of the oldest entry that is due", ["queue"])
QUEUE_LOST = Gauge(
    "linkskipper_queue_lost", "Entries in progress whose worker has sent no heartbeat for a minute", ["queue"]
)
QUEUES_CONNECTED = Gauge(
    "linkskipper_queues_connected",
    "Queue connections of the workers in this process: one for each tier, and one for webhooks. 0 in `serve`"
    " with worker processes",
)
WORKER_PROCESSES = Gauge("linkskipper_worker_processes", "Worker processes of `serve` that are connected to the queues")
WORKERS_RESTARTED = Counter(
    "linkskipper_workers_restarted_total", "Worker processes of `serve` that ended and were started again"
)

WEBHOOK_ATTEMPTS = Counter(
    "linkskipper_webhook_attempts_total",
    "Attempts to deliver an event. `outcome` is `received` or `failed`",
    ["outcome"],
)
WEBHOOKS_ENDED = Counter(
    "linkskipper_webhooks_ended_total",
    "Deliveries that ended in this process. `status` is `delivered` or `failed`",
    ["status"],
)
WEBHOOK_HOSTS_PAUSED = Counter("linkskipper_webhook_hosts_paused_total", "Receiving hosts that this process paused")

LEDGER_DRIFT = Gauge(
    "linkskipper_ledger_drift_accounts",
    "Accounts whose balance is not the sum of their ledger. Each API process counts them 15 minutes after its start and"
    " every 6 hours, one at a time: while another one counts, the value stays as it is. NaN until it has counted, and"
    " after a count that failed",
)
LEDGER_DRIFT.set(math.nan)
POOL_WAITS = Counter(
    "linkskipper_pool_waits_total", "Calls that waited over a millisecond for a connection of the database pool"
)
POOL_WAIT_SECONDS = Counter("linkskipper_pool_wait_seconds_total", "Seconds that these calls waited together")
LOOP_DELAY_SECONDS = Histogram(
    "linkskipper_loop_delay_seconds",
    "Seconds by which a timer of half a second came late, because the process was busy",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)

# Those that worker processes hand on to the process that serves /metrics.
_COUNTERS: dict[str, Counter] = {
    "jobs_ended": JOBS_ENDED,
    "attempts": WEBHOOK_ATTEMPTS,
    "ended": WEBHOOKS_ENDED,
    "paused": WEBHOOK_HOSTS_PAUSED,
    "refusals": EGRESS_REFUSALS,
    "pool_waits": POOL_WAITS,
    "pool_wait_seconds": POOL_WAIT_SECONDS,
}
_HISTOGRAMS = {"job_seconds": JOB_SECONDS, "loop_delay": LOOP_DELAY_SECONDS}

MAX_OBSERVATIONS = 10_000
LEAST_POOL_WAIT_SECONDS = 0.001

Metric = TypeVar("Metric", Counter, Histogram)


class Count(msgspec.Struct, frozen=True, array_like=True):
    """What a counter gained for one combination of its labels, or one observation of a histogram."""

    counter: str
    labels: dict[str, str]
    amount: float


_observed: deque[Count] = deque(maxlen=MAX_OBSERVATIONS)


def observe_job(seconds: float, *, tier: str, status: str) -> None:
    """Count the end of a job in its histogram."""
    _observe("job_seconds", {"tier": tier, "status": status}, seconds)


def observe_loop_delay(seconds: float) -> None:
    """Count a delay of the event loop in its histogram."""
    _observe("loop_delay", {}, seconds)


def count_pool_wait(seconds: float) -> None:
    """Count a call that waited for a connection, if it waited long enough to matter."""
    if seconds >= LEAST_POOL_WAIT_SECONDS:
        POOL_WAITS.inc()
        POOL_WAIT_SECONDS.inc(seconds)


def _observe(name: str, labels: dict[str, str], amount: float) -> None:
    observation = Count(name, labels, amount)
    add_counts([observation])
    _observed.append(observation)


class CountReader:
    """Reads what the counters of this process gained since the last call, and what its histograms observed."""

    def __init__(self) -> None:
        self._read: dict[tuple[object, ...], float] = {}

    def read_new(self) -> list[Count]:
        """Return the counts that grew since the last call, and the new observations."""
        grown = []
        for name, counter in _COUNTERS.items():
            for metric in counter.collect():
                for sample in metric.samples:
                    key = name, *sample.labels.items()
                    if sample.name.endswith("_total") and sample.value > self._read.get(key, 0):
                        grown.append(Count(name, sample.labels, sample.value - self._read.get(key, 0)))
                        self._read[key] = sample.value
        while _observed:
            grown.append(_observed.popleft())
        return grown


def add_counts(counts: Iterable[Count]) -> None:
    """Add what another process counted and observed to the metrics of this process."""
    for count in counts:
        if count.counter in _HISTOGRAMS:
            _of_labels(_HISTOGRAMS[count.counter], count.labels).observe(count.amount)
        else:
            _of_labels(_COUNTERS[count.counter], count.labels).inc(count.amount)


def _of_labels(metric: Metric, labels: Mapping[str, str]) -> Metric:
    return metric.labels(**labels) if labels else metric
