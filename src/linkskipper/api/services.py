"""The parts of the service that the HTTP edge calls."""

from collections.abc import Callable
from dataclasses import dataclass

from linkskipper.accounts import Authenticator, WebhookSecrets
from linkskipper.api.rate_limits import InMemoryRateLimiter, RateLimiter
from linkskipper.catalog import Catalog
from linkskipper.database import Pool
from linkskipper.jobs import JobNotifier, JobReader, JobSubmitter
from linkskipper.provider_health import AdmissionControl, ProviderStatsCache
from linkskipper.request_log import RequestLog


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a request handler may use. `service/api.py` builds it.

    `base_url` is the address of the service for its clients, without a slash at the end. `workers_ready` tells whether
    the workers of this process are connected to their queues. It is true for a process without workers.
    """

    base_url: str
    pool: Pool
    catalog: Catalog
    authenticator: Authenticator
    rate_limiter: RateLimiter
    failed_auth_limiter: InMemoryRateLimiter
    job_submitter: JobSubmitter
    job_reader: JobReader
    job_notifier: JobNotifier
    admission: AdmissionControl
    provider_stats: ProviderStatsCache
    webhook_secrets: WebhookSecrets
    request_log: RequestLog | None
    topup_links: tuple[tuple[str, str], ...]
    workers_ready: Callable[[], bool]
