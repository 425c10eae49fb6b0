"""Who is let through to a provider: decided from memory, by what was exceptional about a second ago."""

import asyncio
import math
import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal, NoReturn

import msgspec
import structlog

from linkskipper.catalog import Provider
from linkskipper.database import AWAY, Pool
from linkskipper.errors import ProviderDown
from linkskipper.provider_health import queries
from linkskipper.provider_health.circuit_breaker import PROBE, blocks
from linkskipper.provider_health.stats import ProviderStats

log = structlog.get_logger()

ProviderStatus = Literal["up", "degraded", "down"]

REFRESH_SECONDS = 0.8  # a provider that is switched off must be so everywhere within about a second
SWITCHED_OFF_SECONDS = 60  # nobody knows when it is switched on again: how often to ask

FROM_FILE: dict[str, ProviderStatus] = {"active": "up", "degraded": "degraded", "captcha": "degraded", "dead": "down"}
"""What the status in a provider's file means to clients."""


class OpenCircuit(msgspec.Struct, frozen=True):
    """A circuit that is not closed; until is when, by our clock, it may let a probe through."""

    streak: tuple[int, ...]
    until: float


class Probe(msgspec.Struct, frozen=True):
    """The right to send one job to a host that failed."""

    provider: str
    host: str
    until: datetime


class AdmissionControl:
    """Knows the open circuits and the providers that are switched off; `changed` makes it look again at once.

    Without a `browser`, providers that need one are down.
    """

    def __init__(
        self, pool: Pool, *, changed: asyncio.Event, browser: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._browser = browser
        self._changed = changed
        self._clock = clock
        self._off: frozenset[str] = frozenset()
        self._shut: dict[str, dict[str, OpenCircuit]] = {}

    async def run(self) -> None:
        """Keep up with the database, until cancelled; while it is away, what was known last holds."""
        while True:
            try:
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            try:
                await self.refresh()
            except AWAY as error:
                log.warning("providers.not_refreshed", error=str(error))

    async def refresh(self) -> None:
        """Look now."""
        rows = await self._pool.fetch(queries.EXCEPTIONS)
        received = self._clock()  # after the database's clock was read, so that nobody is told too short a time
        shut: dict[str, dict[str, OpenCircuit]] = {}
        for row in rows:
            if row["host"] is not None:
                circuit = OpenCircuit(tuple(row["streak"]), received + row["seconds"])
                shut.setdefault(row["provider"], {})[row["host"]] = circuit
        self._shut = shut
        self._off = frozenset(row["provider"] for row in rows if row["host"] is None)

    async def admit(self, provider: Provider, host: str, account_id: int) -> Probe | None:
        """Let a job of the account pass; a Probe if it is the one that tries a host which failed.

        Raises:
            ProviderDown: the provider is switched off, or needs a browser that is not there, or the host's circuit is
                open for this account.
        """
        if provider.id in self._off:
            raise ProviderDown(
                f"{provider.label} is switched off here for the time being.", retry_after=SWITCHED_OFF_SECONDS
            )
        if self._lacks_browser(provider):
            detail = f"{provider.label} needs a browser, and this service runs without one."
            raise ProviderDown(detail, retry_after=SWITCHED_OFF_SECONDS)
        while (circuit := self._circuit(provider, host, account_id)) is not None:
            wait = circuit.until - self._clock()
            if wait > 0:
                _refuse(host, wait)
            probe_until = await self._pool.fetchval(queries.CLAIM_PROBE, provider.id, host, PROBE)
            await self.refresh()
            if probe_until is not None:
                return Probe(provider.id, host, probe_until)
        return None

    async def give_back(self, probe: Probe) -> None:
        """Let somebody else be the probe: the job was turned down for another reason."""
        await self._pool.execute(queries.GIVE_BACK_PROBE, probe.provider, probe.host, probe.until)
        await self.refresh()

    def status(self, provider: Provider, figures: ProviderStats, account_id: int) -> ProviderStatus:
        """How a provider fares, as far as an account's links go."""
        status = FROM_FILE[provider.status]
        shut = [host for host, circuit in self._shut.get(provider.id, {}).items() if blocks(circuit.streak, account_id)]
        if status == "down" or self._is_off(provider) or _all_shut(provider, shut):
            return "down"
        return "degraded" if status == "degraded" or shut or figures.failing else "up"

    def _is_off(self, provider: Provider) -> bool:
        return provider.id in self._off or self._lacks_browser(provider)

    def _lacks_browser(self, provider: Provider) -> bool:
        return provider.engine == "browser" and not self._browser

    def _circuit(self, provider: Provider, host: str, account_id: int) -> OpenCircuit | None:
        circuit = self._shut.get(provider.id, {}).get(host)
        return circuit if circuit is not None and blocks(circuit.streak, account_id) else None


def _refuse(host: str, seconds: float) -> NoReturn:
    retry_after = max(1, math.ceil(seconds))
    raise ProviderDown(
        f"{host} fails just now: it is tried again in {retry_after} s, and its links are taken if it works then.",
        retry_after=retry_after,
    )


def _all_shut(provider: Provider, shut: list[str]) -> bool:
    """Whether every host that the file names is shut; what a wildcard stands for cannot be told."""
    named = [host for host in provider.hosts if not host.startswith("*")]
    return bool(named) and set(named) <= set(shut)
