"""A database that hangs, and one that several processes write the same rows of."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from linkskipper.accounts import queries
from linkskipper.database import Pool
from support.factories import make_keys
from support.hanging import hanging
from support.service import run_service

KEYS = 200
SHORT = 0.5
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/resolve", {"json": {"url": "https://bulk.lab.test/x"}, "params": {"wait": "2"}}),
    ("GET", f"/v1/jobs/{UUID(int=1)}", {"params": {"wait": "2"}}),
    ("GET", "/v1/jobs", {}),
    ("GET", "/v1/account", {}),
    ("GET", "/v1/webhooks/deliveries", {}),
]


async def test_readiness(server_url: str, database_url: str, tmp_path: Path) -> None:
    """The readiness shows within seconds that a server hangs, and that it continues."""
    async with run_service(database_url, tmp_path, tiers=()) as service:
        async with hanging(service, server_url), asyncio.timeout(5), service.session.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (503, "the database does not answer\n")
        async with asyncio.timeout(10):
            while True:
                async with service.session.get("/readyz") as answer:
                    if answer.status == 200:
                        break
                await asyncio.sleep(0.1)


async def open_all(pool: Pool) -> None:
    """Open every connection of a pool, because new ones would lead to processes that do not hang."""
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for connection in connections:
        await pool.release(connection)


@pytest.mark.parametrize("known_paths", [["/v1/account"], []], ids=["known key", "new key"])
async def test_answers_in_time(
    server_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known_paths: list[str]
) -> None:
    """Requests get 503 with Retry-After while the server still hangs. Afterwards they work again."""
    async with run_service(database_url, tmp_path, tiers=(), webhooks=False) as service:
        caller = await service.caller()
        limit_time(monkeypatch)
        for path in known_paths:
            await caller.get(path)
        await open_all(service.pool)
        async with hanging(service, server_url):
            with capture_logs() as logged:
                calls = (caller.call(method, path, **options) for method, path, options in REQUESTS)
                answers = await asyncio.gather(*calls)
        assert [(answer.status, answer.headers["retry-after"]) for answer in answers] == [(503, "2")] * len(REQUESTS)
        assert reasons(logged) == {"The database did not answer in time."}
        async with asyncio.timeout(30):
            while [(await caller.get(path)).status for path in ("/v1/jobs", "/v1/account")] != [200, 200]:
                await asyncio.sleep(0.1)


async def test_held_answers_in_time(
    server_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A held request is answered in time if the server hangs in the middle, and its wait does not count as late."""
    async with run_service(database_url, tmp_path, tiers=(), webhooks=False) as service:
        caller = await service.caller()
        await open_all(service.pool)
        job_id = (await caller.resolve("https://bulk.lab.test/held")).body["job_id"]
        limit_time(monkeypatch)
        held = await caller.get(f"/v1/jobs/{job_id}", params={"wait": str(4 * SHORT)})
        assert (held.status, held.body["status"]) == (200, "queued")
        with capture_logs() as logged:
            waits = iter((2, 10, 50))  # more than one, for a machine on which the server hangs too late
            while held.status == 200:
                held_call = asyncio.create_task(caller.get(f"/v1/jobs/{job_id}", params={"wait": str(next(waits))}))
                async with hanging(service, server_url):
                    held = await held_call
        assert (held.status, held.headers["retry-after"]) == (503, "2")
        assert reasons(logged) == {"The database did not answer in time."}


def limit_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give requests little time."""
    monkeypatch.setattr("linkskipper.database.time_limits.ANSWER_SECONDS", SHORT)
    monkeypatch.setattr("linkskipper.database.time_limits.AFTER_WAIT_SECONDS", SHORT)


def reasons(logged: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return why the API found the database away. A statement that ended by its own limit is not among them."""
    return {line["error"] for line in logged if line["event"] == "api.database_away"}


async def test_uses_of_keys_are_noted_by_many(pool: Pool) -> None:
    """Processes that note the uses of the same keys, in whatever order, wait for each other and never in a circle."""
    ids = await make_keys(pool, KEYS)
    for _ in range(10):
        at = [datetime.now(UTC)] * KEYS
        orders = (ids, ids[::-1], ids, ids[::-1])
        await asyncio.gather(*(pool.execute(queries.SET_LAST_USED, order, at) for order in orders))
