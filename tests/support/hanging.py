"""A database server that hangs."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from support.service import Service


@asynccontextmanager
async def hanging(service: Service, server_url: str) -> AsyncIterator[None]:
    """Pause the server's processes for the service's connections."""
    connection = await asyncpg.connect(server_url)
    name = await service.pool.fetchval("SELECT current_database()")
    rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE datname = $1", name)
    await connection.close()
    pids = [row["pid"] for row in rows]
    try:
        _signal(pids, signal.SIGSTOP)
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes. Some may have ended meanwhile."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
