"""The parts of the service that the pages call."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from linkskipper.accounts import Keyring, WebhookSecrets
from linkskipper.catalog import Catalog
from linkskipper.database import Pool
from linkskipper.jobs import JobCompleter, JobNotifier, JobSubmitter
from linkskipper.people import Credentials, SecondFactor, Sessions, SignIn
from linkskipper.provider_health import AdmissionControl, ProviderStatsCache


class Finding(NamedTuple):
    """The result of a check of the installation: ok, warning or problem, and what to do unless it is ok."""

    name: str
    state: str
    found: str
    action: str


@dataclass(frozen=True, slots=True)
class DashboardServices:
    """Everything that a page may use. `service/dashboard.py` builds it.

    `base_url` is the address of the service for its clients. `hosts` are further names by which browsers may ask for
    the pages. `style` is the style sheet that all pages of the service share. `sample_links` are links of the lab with
    a sentence about each. `topup_links` are labels and addresses where accounts buy credits. `request_log_days` is how
    long requests are kept. `snippets` returns calls that resolve a link, by language. `examine` checks the
    installation. `shown_settings` are the variables of all settings with their values, without secrets. `count_call`
    counts a call of somebody, with the number of calls that they may make in a minute. If it is one too many, the call
    is not counted, and the seconds to wait are returned.
    """

    base_url: str
    hosts: tuple[str, ...]
    style: str
    pool: Pool
    keyring: Keyring
    webhook_secrets: WebhookSecrets
    catalog: Catalog
    sessions: Sessions
    sign_in: SignIn
    credentials: Credentials
    second_factor: SecondFactor
    job_submitter: JobSubmitter
    job_notifier: JobNotifier
    job_completer: JobCompleter
    admission: AdmissionControl
    provider_stats: ProviderStatsCache
    sample_links: tuple[tuple[str, str], ...]
    topup_links: tuple[tuple[str, str], ...]
    request_log_days: float
    snippets: Callable[[str], Sequence[tuple[str, str]]]
    workers_ready: Callable[[], bool]
    examine: Callable[[], Awaitable[Sequence[Finding]]]
    shown_settings: Sequence[tuple[str, str]]
    count_call: Callable[[Hashable, int], Awaitable[int | None]]
