"""What is counted for ``/metrics``; each figure is changed where it comes about."""

from prometheus_client import Counter, Gauge

RESOLVES = Counter("linkskipper_resolves_total", "Accepted resolves, by how they were answered.", ["answer"])
CACHED, QUEUED = RESOLVES.labels("cached"), RESOLVES.labels("queued")
JOBS_ENDED = Counter("linkskipper_jobs_ended_total", "Jobs ended by this process.", ["status", "reason"])
LIMITS_STORE_AWAY = Gauge("linkskipper_limits_store_away", "1 while the shared store of limits does not answer.")
WEBHOOK_ATTEMPTS = Counter("linkskipper_webhook_attempts_total", "Attempts to deliver an event.", ["outcome"])
WEBHOOKS_ENDED = Counter("linkskipper_webhooks_ended_total", "Deliveries that ended in this process.", ["status"])
WEBHOOK_HOSTS_PAUSED = Counter("linkskipper_webhook_hosts_paused_total", "Receiving hosts paused by this process.")
