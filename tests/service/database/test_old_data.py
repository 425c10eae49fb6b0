"""A data directory of version 0.1 opens: its key works, its job and its deliveries end, its balance is right."""

import shutil
from pathlib import Path
from typing import Any

import asyncpg

from linkskipper.service.migrate import migrate
from support.receiver import run_receiver
from support.service import Caller, named, run_service

DATA = Path(__file__).parent / "data"
KEY = "sk_live_M9vs1KiAUD09UEIM5iS6c160HA6IHtA93c2TJz"  # of the dump alone
PENDING, QUEUED = "https://hook.example/pending", "https://hook.example/queued"


async def load_dump(server_url: str, name: str) -> str:
    """Make a database from the dump that pg_dump wrote of version 0.1. Return its URL."""
    server = await asyncpg.connect(server_url)
    await server.execute(f"CREATE DATABASE {name}")
    await server.close()
    url = named(server_url, name)
    connection = await asyncpg.connect(url)
    await connection.execute((DATA / "version_0_1.sql").read_text())
    await connection.close()
    return url


async def test_data_of_version_0_1(server_url: str, tmp_path: Path) -> None:
    """What version 0.1 left behind is resolved, charged once and delivered after the upgrade."""
    url = await load_dump(server_url, "version_0_1")
    shutil.copy(DATA / "secret.key", tmp_path / "secret.key")
    await migrate(url)
    forever: dict[str, Any] = {"keep_days": 36_500, "webhook_keep_days": 36_500}  # the rows of the dump grow old
    async with run_receiver(tmp_path) as receiver, run_service(url, tmp_path, receiver=receiver, **forever) as service:
        (pending,), (queued,) = await receiver.received(PENDING), await receiver.received(QUEUED)
        assert [(event["status"], event["credits_charged"]) for event in (pending.event, queued.event)] == [
            ("done", 1),
            ("done", 1),
        ]
        caller = Caller(service.session, 1, 1, KEY)
        assert (await caller.get("/v1/account")).body["balance"] == 98
        cached = (await caller.resolve("https://bulk.lab.test/cached-by-0-1")).body
        assert (cached["cached"], cached["target_url"]) == (True, "https://example.com/landing/cached-by-0-1")
        replay = (await caller.resolve("anything", idempotency_key="old")).body
        assert (replay["status"], replay["credits_charged"]) == ("done", 1)
        rows = await service.pool.fetch("SELECT kind, amount FROM ledger ORDER BY id")
        assert [tuple(row) for row in rows] == [("grant", 100), ("charge", -1), ("charge", -1)]
