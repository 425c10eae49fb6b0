"""A provider as its file describes it."""

from collections import Counter
from datetime import date
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from linkskipper.catalog.families import Family, with_family
from linkskipper.catalog.fields import MAX_NAME, Name, Pattern, Sentence, Table
from linkskipper.catalog.host_patterns import HostPattern, HostSet
from linkskipper.catalog.misp_hosts import MispList, read_hosts
from linkskipper.catalog.steps import MAX_WAIT, Engine, FollowStep, FromFragmentStep, FromPathStep, FromQueryStep, Step
from linkskipper.egress import Url

Tier = Literal["standard", "premium"]
DeclaredStatus = Literal["active", "degraded", "captcha", "dead"]

PRICES: dict[Tier, int] = {"standard": 1, "premium": 2}
"""The price of a link of each tier, in credits."""

MAX_HOPS = 30
MAX_SECONDS = 120
MAX_CONCURRENCY = 1000
MIN_INTERVAL = 0.001
MAX_INTERVAL = 60
MAX_HOSTS = 5000
MAX_ALLOWED_HOSTS = 100
MAX_STEPS = 100
MAX_SCHEMES = 20
_RUN_OR_LOCAL = frozenset(
    {"javascript", "vbscript", "data", "blob", "about", "file", "filesystem", "view-source", "chrome", "jar"}
)
LONGEST_QUEUE = 2
"""Seconds that a link with a slot waits for its turn to send a request."""


def _follow() -> tuple[Step, ...]:
    return (FollowStep(use="follow"),)


def _unique(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if repeated := sorted(host for host, count in Counter(hosts).items() if count > 1):
        raise ValueError(f"{', '.join(repeated)} is listed twice. Leave one out.")
    return hosts


HostPatterns = Annotated[tuple[HostPattern, ...], Field(max_length=MAX_HOSTS), AfterValidator(_unique)]
AllowedHosts = Annotated[tuple[HostPattern, ...], Field(max_length=MAX_ALLOWED_HOSTS), AfterValidator(_unique)]


class Match(Table):
    """The paths of links on the provider's hosts. Without `path`, every path except the home page's."""

    path: Pattern | None = None


class LinkLimits(Table):
    """Limits for one link, and for all links at the provider.

    Times are in seconds: `timeout` for the whole link, `max_wait` for the sum of its countdowns, `min_interval` between
    two requests of all workers. `concurrency` is the number of links of all workers at the provider at the same time.
    """

    max_hops: int = Field(default=10, ge=1, le=MAX_HOPS)
    timeout: float = Field(default=30, gt=0, le=MAX_SECONDS)
    max_wait: float = Field(default=20, ge=0, le=MAX_WAIT)
    concurrency: int | None = Field(default=None, ge=1, le=MAX_CONCURRENCY)
    min_interval: float | None = Field(default=None, ge=MIN_INTERVAL, le=MAX_INTERVAL)

    @property
    def at_once(self) -> int | None:
        """The number of links at the provider at the same time, so that each waits about LONGEST_QUEUE at most."""
        if self.min_interval is None:
            return self.concurrency
        in_pace = min(1 + int(LONGEST_QUEUE / self.min_interval), MAX_CONCURRENCY)
        return in_pace if self.concurrency is None else min(self.concurrency, in_pace)


class Browser(Table):
    """What the browser may load in addition to the provider's own hosts: other hosts, and media."""

    allow: AllowedHosts = ()
    media: bool = False


def _check_scheme(scheme: str) -> str:
    if scheme in _RUN_OR_LOCAL:
        raise ValueError(
            f'"{scheme}" runs scripts, or opens files of the visitor. List schemes of destinations, as "magnet".'
        )
    return scheme


Scheme = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*$", max_length=MAX_NAME), AfterValidator(_check_scheme)]


class Accept(Table):
    """Which URLs can be the destination: schemes that can, and decoy hosts that cannot."""

    decoys: tuple[HostPattern, ...] = Field(default=(), max_length=MAX_HOSTS)
    schemes: tuple[Scheme, ...] = Field(default=("https", "http"), max_length=MAX_SCHEMES)


class Sample(Table):
    """A link and its destination."""

    url: str
    expect: str


class Provider(Table):
    """A shortener.

    `hosts_from` adds the hosts of a maintained list to `hosts`, except those in `exclude`. The `family` supplies the
    fields that the file leaves out.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=MAX_NAME)
    label: Name = Field(min_length=1)
    hosts: HostPatterns = ()
    hosts_from: MispList | None = None
    exclude: HostPatterns = ()
    tier: Tier
    family: Family = "redirect"
    engine: Engine = "http"
    latency: Name = "1-2s"
    status: DeclaredStatus = "active"
    since: date | None = None
    note: Sentence = ""
    match: Match = Field(default_factory=Match)
    limits: LinkLimits = Field(default_factory=LinkLimits)
    browser: Browser = Field(default_factory=Browser)
    accept: Accept = Field(default_factory=Accept)
    steps: tuple[Step, ...] = Field(default_factory=_follow, max_length=MAX_STEPS)
    samples: tuple[Sample, ...] = Field(default=(), max_length=MAX_HOSTS)

    @model_validator(mode="before")
    @classmethod
    def _take_from_family(cls, table: object) -> object:
        return with_family(table) if isinstance(table, dict) else table

    @model_validator(mode="before")
    @classmethod
    def _add_listed_hosts(cls, table: object) -> object:
        if not isinstance(table, dict) or not isinstance(table.get("hosts_from"), str):
            return table
        own, excluded = table.get("hosts", []), table.get("exclude", [])
        if not isinstance(own, list | tuple) or not isinstance(excluded, list | tuple):
            return table  # the fields' own types refuse it
        known = {host for host in (*own, *excluded) if isinstance(host, str)}
        listed = [host for host in read_hosts(table["hosts_from"]) if host not in known]
        return {**table, "hosts": (*own, *listed)}

    @model_validator(mode="after")
    def _has_hosts(self) -> Self:
        if not self.hosts:
            raise ValueError('hosts: this is empty. List at least one, as hosts = ["exe.io"].')
        if self.status == "dead" and self.since is None:
            raise ValueError("since: a dead provider needs the date when it was found dead")
        return self

    @model_validator(mode="after")
    def _fits_its_engine(self) -> Self:
        for number, step in enumerate(self.steps):
            if step.engine not in {None, self.engine}:
                raise ValueError(
                    f'steps[{number}]: "{step.use}" needs engine = "{step.engine}". Set that or change the step.'
                )
        return self

    @property
    def resolve_cost(self) -> int:
        """The price of a link, in credits."""
        return PRICES[self.tier]

    @property
    def is_fallback(self) -> bool:
        """Whether it covers many unrelated shorteners. Files that name one of its hosts take precedence."""
        return self.hosts_from is not None

    @property
    def is_offline(self) -> bool:
        """Whether its links carry their destination, so that no request is sent. The service itself may have closed."""
        return all(step.reads_url for step in self.steps)

    def owns(self, host: str) -> bool:
        """Whether the host is one of the provider's."""
        return host in self._host_set

    def keeps(self, here: str, there: str) -> bool:
        """Whether a link that goes from one host to the other is still at the provider.

        The hosts of the fallback are unrelated, so each is a provider of its own.
        """
        return here == there if self.is_fallback else self.owns(there)

    def is_link(self, url: Url) -> bool:
        """Whether a URL on the provider's hosts has the path of a short link."""
        if self.match.path is not None:
            # RE2 matches bytes in half the time of text, and a canonical path is ASCII.
            return self.match.path.search(url.path.encode()) is not None
        return url.path != "/"

    def may_load(self, host: str) -> bool:
        """Whether the provider's pages may load from the host in the browser."""
        return not self.is_decoy(host) and (self.owns(host) or host in self._allowed_set)

    def is_decoy(self, host: str) -> bool:
        """Whether the host cannot be a destination."""
        return host in self._decoy_set

    @cached_property
    def carriers(self) -> tuple[FromQueryStep | FromPathStep | FromFragmentStep, ...]:
        """The steps that read certain URLs, wherever on its way the link comes to such a URL."""
        reading = FromQueryStep | FromPathStep | FromFragmentStep
        return tuple(step for step in self.steps if isinstance(step, reading) and step.path is not None)

    @cached_property
    def _host_set(self) -> HostSet:
        return HostSet(self.hosts)

    @cached_property
    def _allowed_set(self) -> HostSet:
        return HostSet(self.browser.allow)

    @cached_property
    def _decoy_set(self) -> HostSet:
        return HostSet(self.accept.decoys)
