"""The operator's switch, and the health that operators are shown."""

from datetime import datetime

import msgspec

from linkskipper.database import Connection, Pool
from linkskipper.provider_health import queries
from linkskipper.provider_health.stats import NO_STATS, ProviderStats, read_stats
from linkskipper.provider_limits import read_waiting_jobs


class ProviderCondition(msgspec.Struct, frozen=True):
    """The health of a provider.

    `off_since` and `note` are set if an operator switched it off. `failing_hosts` have a circuit that is not closed.
    `waiting` is the number of jobs that wait for a slot.
    """

    off_since: datetime | None = None
    note: str | None = None
    failing_hosts: tuple[str, ...] = ()
    waiting: int = 0
    stats: ProviderStats = NO_STATS


class HostCircuit(msgspec.Struct, frozen=True):
    """A host of a provider that failed lately, with its failures in a row. An open circuit refuses links."""

    host: str
    failures: int
    open_until: datetime | None


async def switch_off(pool: "Pool | Connection", provider: str, *, note: str | None = None) -> None:
    """Refuse new links of a provider in every process. Queued jobs still run."""
    await pool.execute(queries.SWITCH_OFF, provider, note)


async def switch_on(pool: "Pool | Connection", provider: str) -> None:
    """Accept links of a provider again. Do nothing if it is on."""
    await pool.execute(queries.SWITCH_ON, provider)


async def is_off(connection: Connection, provider: str) -> bool:
    """Tell whether a provider is switched off, and keep others from switching it until the transaction ends."""
    return bool(await connection.fetchval(queries.IS_OFF, provider))


async def list_circuits(pool: Pool, provider: str) -> list[HostCircuit]:
    """List the hosts of a provider that failed lately."""
    return [HostCircuit(**row) for row in await pool.fetch(queries.CIRCUITS_OF, provider)]


async def read_conditions(pool: Pool) -> dict[str, ProviderCondition]:
    """Return the health by provider id. Providers about which nothing is known are left out."""
    stats = await read_stats(pool)
    off = {row["provider"]: row for row in await pool.fetch(queries.SWITCHED_OFF)}
    failing: dict[str, list[str]] = {}
    for row in await pool.fetch(queries.OPEN_CIRCUITS):
        failing.setdefault(row["provider"], []).append(row["host"])
    waiting = await read_waiting_jobs(pool)
    return {
        provider: ProviderCondition(
            off_since=off[provider]["off_since"] if provider in off else None,
            note=off[provider]["note"] if provider in off else None,
            failing_hosts=tuple(failing.get(provider, ())),
            waiting=waiting.get(provider, 0),
            stats=stats.get(provider, NO_STATS),
        )
        for provider in stats.keys() | off.keys() | failing.keys() | waiting.keys()
    }
