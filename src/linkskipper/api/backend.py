"""What the HTTP edge stands on; app/api.py fills it in."""

from collections.abc import Callable
from dataclasses import dataclass

from linkskipper.api.limits import RollingWindow, Windows
from linkskipper.catalog import Catalog
from linkskipper.jobs import JobReader, Submitter, Watch
from linkskipper.keys import Authenticator, WebhookSecrets
from linkskipper.providers import Gate, Measured
from linkskipper.storage import Pool


@dataclass(frozen=True, slots=True)
class Backend:
    """The parts that requests are answered with.

    base_url is where clients reach the service, without a slash at its end; workers_ready says whether the
    workers of this process (if it has any) are at their queues.
    """

    base_url: str
    pool: Pool
    catalog: Catalog
    authenticator: Authenticator
    minute_limits: Windows
    guesses: RollingWindow
    submitter: Submitter
    gate: Gate
    measured: Measured
    jobs: JobReader
    watch: Watch
    webhook_secrets: WebhookSecrets
    workers_ready: Callable[[], bool]
