"""A service that delivers to receivers of the test's own."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from support.receiver import Receiver, run_receiver
from support.service import Service, named, run_service

WAITS = tuple(timedelta(seconds=seconds) for seconds in (0, 0.3, 0.3, 600))
TIMEOUT = 2.0


@pytest.fixture(scope="session")
async def receiver(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Receiver]:
    """Receivers that many tests share, each with a name of its own."""
    async with run_receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture(scope="session")
async def hooks(
    server_url: str, template: str, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """A service that many tests share, with a schedule of moments instead of days."""
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE hooks TEMPLATE {template}")
    await connection.close()
    async with run_service(
        named(server_url, "hooks"),
        tmp_path_factory.mktemp("hooks"),
        receiver=receiver,
        webhook_schedule=WAITS,
        webhook_timeout=TIMEOUT,
        webhook_per_host=4,
    ) as service:
        yield service
