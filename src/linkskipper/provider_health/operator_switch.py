"""The operator's switch, and what the operator is shown."""

from datetime import datetime

import msgspec

from linkskipper.database import Pool
from linkskipper.provider_health import queries
from linkskipper.provider_health.stats import NONE, ProviderStats, read_figures
from linkskipper.provider_limits import read_waiting_jobs


class Condition(msgspec.Struct, frozen=True):
    """How a provider fares: since when it is switched off and why, hosts with a circuit that is not closed, and how
    many jobs wait for a place.
    """

    off_since: datetime | None = None
    note: str | None = None
    failing_hosts: tuple[str, ...] = ()
    waiting: int = 0
    figures: ProviderStats = NONE


async def switch_off(pool: Pool, provider: str, *, note: str | None = None) -> None:
    """Take no more of a provider's links, in any process; those that are queued still run."""
    await pool.execute(queries.SWITCH_OFF, provider, note)


async def switch_on(pool: Pool, provider: str) -> None:
    """Take a provider's links again; harmless where it is on."""
    await pool.execute(queries.SWITCH_ON, provider)


async def read_conditions(pool: Pool) -> dict[str, Condition]:
    """How the providers fare of which anything is known."""
    figures = await read_figures(pool)
    off = {row["provider"]: row for row in await pool.fetch(queries.SWITCHED_OFF)}
    failing: dict[str, list[str]] = {}
    for row in await pool.fetch(queries.OPEN_CIRCUITS):
        failing.setdefault(row["provider"], []).append(row["host"])
    waiting = await read_waiting_jobs(pool)
    return {
        provider: Condition(
            off_since=off[provider]["off_since"] if provider in off else None,
            note=off[provider]["note"] if provider in off else None,
            failing_hosts=tuple(failing.get(provider, ())),
            waiting=waiting.get(provider, 0),
            figures=figures.get(provider, NONE),
        )
        for provider in figures.keys() | off.keys() | failing.keys() | waiting.keys()
    }
