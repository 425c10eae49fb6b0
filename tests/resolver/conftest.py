"""A shortener and a resolver for each test."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from resolver.commands import PROVIDER, Command
from resolver.shortener import Bench, Shortener


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A resolver that reaches a shortener of the test's own, and nothing else."""
    shortener = Shortener()
    server = await asyncio.start_server(shortener.serve, "127.0.0.1", 0)
    shortener.port = server.sockets[0].getsockname()[1]
    yield Bench(shortener)
    server.close()


@pytest.fixture
def command(bench: Bench, tmp_path: Path) -> Command:
    """The command beside a shortener."""
    (tmp_path / "s.toml").write_text(PROVIDER)
    return Command(tmp_path, bench.shortener.port)
