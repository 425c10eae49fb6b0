"""Admission of links to providers, decided from a copy of the open circuits that is about a second old."""

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Literal, NoReturn

import msgspec
import structlog

from linkskipper.catalog import Provider
from linkskipper.database import Pool
from linkskipper.errors import DatabaseUnavailable, ProviderDown
from linkskipper.metrics import CIRCUITS_OPEN, PROVIDERS_OFF
from linkskipper.periodic import Periodic
from linkskipper.provider_health import queries
from linkskipper.provider_health.circuit_breaker import PROBE_TIMEOUT, blocks
from linkskipper.provider_health.stats import ProviderStats

log = structlog.get_logger()

ProviderStatus = Literal["up", "degraded", "down"]

REFRESH_SECONDS = 0.8  # switching a provider off must take effect everywhere within about a second
SWITCHED_OFF_RETRY_SECONDS = 60  # nobody knows when the provider is switched on again

STATUS_BY_FILE: dict[str, ProviderStatus] = {
    "active": "up",
    "degraded": "degraded",
    "captcha": "degraded",
    "dead": "down",
}
"""The status shown to clients, by the status in the provider file."""


class OpenCircuit(msgspec.Struct, frozen=True):
    """A circuit that is not closed. It lets a probe through at `retry_at`, a reading of this process's clock."""

    consecutive_failures: tuple[int, ...]
    retry_at: float


class Probe(msgspec.Struct, frozen=True):
    """The right to send one job to a failing host."""

    provider: str
    host: str
    until: datetime


class AdmissionControl:
    """Admit links to providers that are switched on and whose circuits are closed.

    Setting `changed` makes `run` refresh at once. Without a `browser`, providers that need one are down.
    """

    def __init__(
        self, pool: Pool, *, changed: asyncio.Event, browser: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._browser = browser
        self._changed = changed
        self._clock = clock
        self._off: frozenset[str] = frozenset()
        self._open: dict[str, dict[str, OpenCircuit]] = {}

    def periodic(self) -> Periodic:
        """Return the refreshing to repeat. While the database is unavailable, the last known state stays in effect."""
        return Periodic("admission.refresh", self.refresh, every=REFRESH_SECONDS, wake=self._changed)

    async def refresh(self) -> None:
        """Read the open circuits and the switched-off providers."""
        rows = await self._pool.fetch(queries.EXCEPTIONS)
        received_at = self._clock()  # later than the database's clock, so that no retry_at is too early
        circuits: dict[str, dict[str, OpenCircuit]] = {}
        for row in rows:
            if row["host"] is not None:
                circuit = OpenCircuit(tuple(row["consecutive_failures"]), received_at + row["seconds"])
                circuits.setdefault(row["provider"], {})[row["host"]] = circuit
        self._open = circuits
        self._off = frozenset(row["provider"] for row in rows if row["host"] is None)
        CIRCUITS_OPEN.set(sum(map(len, circuits.values())))
        PROVIDERS_OFF.set(len(self._off))

    def admits(self, provider: Provider, host: str, account_id: int) -> bool:
        """Tell whether a link of an account passes without being a probe.

        Raises:
            ProviderDown: the provider is switched off, or needs a browser that is missing.
        """
        self._check_available(provider)
        return self._blocking_circuit(provider, host, account_id) is None

    async def admit(self, provider: Provider, host: str, account_id: int) -> Probe | None:
        """Admit a link of an account. Return a Probe if the link is the one that tests a failing host.

        Raises:
            ProviderDown: the provider is switched off, needs a browser that is missing, or the host's circuit is open
                for this account.
        """
        self._check_available(provider)
        while (circuit := self._blocking_circuit(provider, host, account_id)) is not None:
            wait = circuit.retry_at - self._clock()
            if wait > 0:
                _refuse(host, wait)
            probe_until = await self._pool.fetchval(queries.CLAIM_PROBE, provider.id, host, PROBE_TIMEOUT)
            if probe_until is not None:
                with suppress(DatabaseUnavailable):  # the claim was written, and the next refresh reads it
                    await self.refresh()
                return Probe(provider.id, host, probe_until)
            await self.refresh()
        return None

    async def release_probe(self, probe: Probe) -> None:
        """Release a probe whose link was refused for another reason."""
        await self._pool.execute(queries.RELEASE_PROBE, probe.provider, probe.host, probe.until)
        await self.refresh()

    def status(self, provider: Provider, stats: ProviderStats, account_id: int) -> ProviderStatus:
        """Return the status of a provider for the links of an account."""
        status = STATUS_BY_FILE[provider.status]
        circuits = self._open.get(provider.id, {})
        blocked = [host for host, circuit in circuits.items() if blocks(circuit.consecutive_failures, account_id)]
        if status == "down" or self._is_off(provider) or _blocks_every_host(provider, blocked):
            return "down"
        return "degraded" if status == "degraded" or blocked or stats.failing else "up"

    def _check_available(self, provider: Provider) -> None:
        if provider.id in self._off:
            raise ProviderDown(f"{provider.label} is switched off here.", retry_after=SWITCHED_OFF_RETRY_SECONDS)
        if self._lacks_browser(provider):
            detail = f"{provider.label} needs a browser, and this service runs without one."
            raise ProviderDown(detail, retry_after=SWITCHED_OFF_RETRY_SECONDS)

    def _is_off(self, provider: Provider) -> bool:
        return provider.id in self._off or self._lacks_browser(provider)

    def _lacks_browser(self, provider: Provider) -> bool:
        return provider.engine == "browser" and not self._browser

    def _blocking_circuit(self, provider: Provider, host: str, account_id: int) -> OpenCircuit | None:
        circuit = self._open.get(provider.id, {}).get(host)
        return circuit if circuit is not None and blocks(circuit.consecutive_failures, account_id) else None


def _refuse(host: str, seconds: float) -> NoReturn:
    retry_after = max(1, math.ceil(seconds))
    raise ProviderDown(
        f"{host} is failing. It is tested again in {retry_after} s. Its links are accepted once it recovers.",
        retry_after=retry_after,
    )


def _blocks_every_host(provider: Provider, blocked: list[str]) -> bool:
    """Tell whether every host that the file names is blocked. The hosts that match a star are unknown.

    A port of a host, such as that of plain HTTP, may be blocked alone.
    """
    named = [host for host in provider.hosts if "*" not in host]
    return bool(named) and set(named) <= set(blocked)
