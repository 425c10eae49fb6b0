"""A provider as its file describes it."""

from datetime import date
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from linkskipper.catalog.families import Family, with_family
from linkskipper.catalog.fields import HostPattern, HostSet, Pattern, Table
from linkskipper.catalog.misp_hosts import HostList, read_hosts
from linkskipper.catalog.steps import MAX_WAIT, STEP_ENGINES, Engine, Follow, Step
from linkskipper.egress import Url

Tier = Literal["standard", "premium"]
DeclaredStatus = Literal["active", "degraded", "captcha", "dead"]

PRICES: dict[Tier, int] = {"standard": 1, "premium": 2}
"""Credits that a link of each tier costs."""

MAX_HOPS = 30
MAX_SECONDS = 120
MAX_CONCURRENCY = 1000
MIN_INTERVAL = 0.001
MAX_INTERVAL = 60
LONGEST_QUEUE = 2  # seconds that a link spends in a place of its own waiting for its provider's next request
DEFAULT_STEPS: tuple[Step, ...] = (Follow(use="follow"),)


def _unique(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if twice := sorted({host for host in hosts if hosts.count(host) > 1}):
        raise ValueError(f"{', '.join(twice)} is listed twice; leave one out")
    return hosts


Hosts = Annotated[tuple[HostPattern, ...], AfterValidator(_unique)]


class Match(Table):
    """What counts as a link on the provider's hosts; any path but the home page's unless the file says otherwise."""

    path: Pattern | None = None


class Limits(Table):
    """How far and how long one link may go, and how hard all links together may press the provider.

    Times are in seconds: `timeout` for the whole link, `max_wait` for all the countdowns together that it waits out,
    `min_interval` between two requests. `concurrency` is how many links may be at the provider at once, over all
    workers.
    """

    max_hops: int = Field(default=10, ge=1, le=MAX_HOPS)
    timeout: float = Field(default=30, gt=0, le=MAX_SECONDS)
    max_wait: float = Field(default=20, ge=0, le=MAX_WAIT)
    concurrency: int | None = Field(default=None, ge=1, le=MAX_CONCURRENCY)
    min_interval: float | None = Field(default=None, ge=MIN_INTERVAL, le=MAX_INTERVAL)

    @property
    def at_once(self) -> int | None:
        """How many links may be at the provider at once, so that none waits long for its next request."""
        if self.min_interval is None:
            return self.concurrency
        keep_pace = min(1 + int(LONGEST_QUEUE / self.min_interval), MAX_CONCURRENCY)
        return keep_pace if self.concurrency is None else min(self.concurrency, keep_pace)


class Browser(Table):
    """What the browser may load besides the provider's own pages: hosts, and images, films and fonts."""

    allow: Hosts = ()
    media: bool = False


class Accept(Table):
    """What may be taken for the destination."""

    decoys: tuple[HostPattern, ...] = ()
    schemes: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*$")], ...] = ("https", "http")


class Sample(Table):
    """A link and where it leads."""

    url: str
    expect: str


class Provider(Table):
    """A shortener.

    `hosts_from` adds the hosts of a maintained list to `hosts`, less those in `exclude`. What the file leaves open is
    taken from its `family`.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    label: str = Field(min_length=1)
    hosts: Hosts = ()
    hosts_from: HostList | None = None
    exclude: Hosts = ()
    tier: Tier
    family: Family = "redirect"
    engine: Engine = "http"
    latency: str = "1-2s"
    status: DeclaredStatus = "active"
    since: date | None = None
    note: str = ""
    match: Match = Match()
    limits: Limits = Limits()
    browser: Browser = Browser()
    accept: Accept = Accept()
    steps: tuple[Step, ...] = DEFAULT_STEPS
    samples: tuple[Sample, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _take_from_family(cls, table: object) -> object:
        return with_family(table) if isinstance(table, dict) else table

    @model_validator(mode="before")
    @classmethod
    def _add_listed_hosts(cls, table: object) -> object:
        if not isinstance(table, dict) or not isinstance(table.get("hosts_from"), str):
            return table
        own, left_out = table.get("hosts", []), table.get("exclude", [])
        if not isinstance(own, list | tuple) or not isinstance(left_out, list | tuple):
            return table  # which the fields' own types refuse
        listed = [host for host in read_hosts(table["hosts_from"]) if host not in left_out and host not in own]
        return {**table, "hosts": (*own, *listed)}

    @model_validator(mode="after")
    def _has_hosts(self) -> Self:
        if not self.hosts:
            raise ValueError('hosts: there is none; list at least one, as hosts = ["exe.io"]')
        if self.status == "dead" and self.since is None:
            raise ValueError("since: a dead provider needs the date when it was found dead")
        return self

    @model_validator(mode="after")
    def _fits_its_engine(self) -> Self:
        for number, step in enumerate(self.steps):
            if (engine := STEP_ENGINES.get(step.use, self.engine)) != self.engine:
                raise ValueError(
                    f'steps[{number}]: "{step.use}" needs engine = "{engine}"; set that or change the step'
                )
        return self

    @property
    def resolve_cost(self) -> int:
        """What a link costs, in credits."""
        return PRICES[self.tier]

    @property
    def is_fallback(self) -> bool:
        """Whether it stands in for many unrelated shorteners; files that name a host go before it."""
        return self.hosts_from is not None

    def owns(self, host: str) -> bool:
        """Whether the host is one of its hosts."""
        return host in self._host_set

    def keeps(self, here: str, there: str) -> bool:
        """Whether a link that goes from one host to the other has not left the service yet.

        The fallback's hosts have nothing to do with each other, so there a link stays on one host only.
        """
        return here == there if self.is_fallback else self.owns(there)

    def is_link(self, url: Url) -> bool:
        """Whether a URL on its hosts is a short link by its looks."""
        if self.match.path is not None:
            # A canonical path is ASCII; in bytes it costs half of what it does as text.
            return self.match.path.search(url.path.encode()) is not None
        return url.path != "/"

    def may_load(self, host: str) -> bool:
        """Whether the browser may connect to the host for this provider's pages."""
        return not self.is_decoy(host) and (self.owns(host) or host in self._allowed_set)

    def is_decoy(self, host: str) -> bool:
        """Whether the host is never a destination."""
        return host in self._decoy_set

    @cached_property
    def _host_set(self) -> HostSet:
        return HostSet(self.hosts)

    @cached_property
    def _allowed_set(self) -> HostSet:
        return HostSet(self.browser.allow)

    @cached_property
    def _decoy_set(self) -> HostSet:
        return HostSet(self.accept.decoys)
