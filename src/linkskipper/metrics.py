"""The metrics of GET /metrics (docs/reference/metrics.md). Each changes where its event happens."""

from prometheus_client import Counter, Gauge

RESOLVES = Counter("linkskipper_resolves_total", "Accepted resolve requests, by the kind of answer.", ["answer"])
CACHED, QUEUED = RESOLVES.labels("cached"), RESOLVES.labels("queued")
JOBS_ENDED = Counter("linkskipper_jobs_ended_total", "Jobs that ended in this process.", ["status", "reason"])
LIMITS_STORE_AWAY = Gauge("linkskipper_limits_store_away", "1 while the shared store of limits does not respond.")
WEBHOOK_ATTEMPTS = Counter("linkskipper_webhook_attempts_total", "Attempts to deliver an event.", ["outcome"])
WEBHOOKS_ENDED = Counter("linkskipper_webhooks_ended_total", "Deliveries that ended in this process.", ["status"])
WEBHOOK_HOSTS_PAUSED = Counter("linkskipper_webhook_hosts_paused_total", "Receiving hosts that this process paused.")
