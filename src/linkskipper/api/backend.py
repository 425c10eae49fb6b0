"""What the HTTP edge stands on; app/api.py fills it in."""

from collections.abc import Callable
from dataclasses import dataclass

from linkskipper.accounts import Authenticator, WebhookSecrets
from linkskipper.api.rate_limits import InMemoryRateLimiter, RateLimiter
from linkskipper.catalog import Catalog
from linkskipper.database import Pool
from linkskipper.jobs import JobNotifier, JobReader, JobSubmitter
from linkskipper.provider_health import AdmissionControl, ProviderStatsCache


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that requests are answered with.

    base_url is where clients reach the service, without a slash at its end; workers_ready says whether the
    workers of this process (if it has any) are at their queues.
    """

    base_url: str
    pool: Pool
    catalog: Catalog
    authenticator: Authenticator
    minute_limits: RateLimiter
    failed_auth_limiter: InMemoryRateLimiter
    submitter: JobSubmitter
    gate: AdmissionControl
    measured: ProviderStatsCache
    jobs: JobReader
    watch: JobNotifier
    webhook_secrets: WebhookSecrets
    workers_ready: Callable[[], bool]
