"""The parts of the service that the pages call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from linkskipper.accounts import Keyring
from linkskipper.catalog import Catalog
from linkskipper.database import Pool
from linkskipper.jobs import JobNotifier, JobSubmitter
from linkskipper.people import Credentials, SecondFactor, Sessions, SignIn
from linkskipper.provider_health import AdmissionControl, ProviderStatsCache


@dataclass(frozen=True, slots=True)
class DashboardServices:
    """Everything that a page may use. `service/dashboard.py` builds it.

    `base_url` is the address of the service for its clients. `hosts` are further names by which browsers may ask for
    the pages. `style` is the style sheet that all pages of the service share. `sample_links` are
    links of the lab with a sentence about each. `topup_links` are labels and addresses
    where accounts buy credits. `snippets` returns calls that resolve a link, by language.
    """

    base_url: str
    hosts: tuple[str, ...]
    style: str
    pool: Pool
    keyring: Keyring
    catalog: Catalog
    sessions: Sessions
    sign_in: SignIn
    credentials: Credentials
    second_factor: SecondFactor
    job_submitter: JobSubmitter
    job_notifier: JobNotifier
    admission: AdmissionControl
    provider_stats: ProviderStatsCache
    sample_links: tuple[tuple[str, str], ...]
    topup_links: tuple[tuple[str, str], ...]
    snippets: Callable[[str], Sequence[tuple[str, str]]]
