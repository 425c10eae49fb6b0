"""Attacks without a key: false addresses, floods of the log, and content that browsers might run."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from linkskipper.accounts import tokens
from linkskipper.api.auth import MAX_FAILED_AUTHS
from linkskipper.api.routes import ENDPOINTS
from linkskipper.database import Pool
from linkskipper.database.schema import require_current
from linkskipper.service import http_server, process
from linkskipper.service.http_server import ConnectionLimits
from support.processes import serving
from support.service import Service, run_service

pytestmark = pytest.mark.attack


async def guess(service: Service, number: int) -> int:
    headers = {"Authorization": f"Bearer {tokens.new_key()}", "X-Forwarded-For": f"198.51.100.{number}"}
    async with service.session.get("/v1/account", headers=headers) as response:
        return response.status


async def test_guessed_keys_behind_false_addresses(database_url: str, tmp_path: Path) -> None:
    """X-Forwarded-For is ignored by default, so it gives a client no more guesses."""
    async with run_service(database_url, tmp_path, tiers=(), webhooks=False) as service:
        statuses = [await guess(service, number) for number in range(MAX_FAILED_AUTHS + 5)]
    assert statuses == [401] * MAX_FAILED_AUTHS + [429] * 5


async def test_a_trusted_proxy_names_its_client() -> None:
    """The address nearest to the trusted proxy counts, whatever addresses the client sends."""
    clients: list[Any] = []

    async def app(scope: Any, _: Any, send: Any) -> None:
        clients.append(scope["client"][0])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    listener = process.listen("127.0.0.1", 0)
    limits = ConnectionLimits(proxies=("127.0.0.0/8",))
    async with (
        http_server.serving(app, listener, base_url="", limits=limits),
        aiohttp.ClientSession(process.address_of(listener)) as session,
        session.get("/", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}),
    ):
        assert clients == ["198.51.100.7"]


UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
JUNK = (b"\x16\x03\x01", b"GET\r\n\r\n", UPGRADE)


async def test_junk_writes_no_log(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Malformed requests and upgrades are counted, and add no line to the log."""
    host, port = service.url.removeprefix("http://").split(":")
    caplog.set_level(logging.INFO)
    for sent in JUNK * 20:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        await reader.read(1)
        writer.close()
    assert [record.getMessage() for record in caplog.records] == []
    async with service.session.get("/metrics") as response:
        lines = [line.split() for line in (await response.text()).splitlines()]
    assert float(dict(line for line in lines if len(line) == 2)["linkskipper_bad_requests_total"]) >= 40


PATHS = ("/", "/docs", "/errors", "/openapi.json", "/healthz", "/readyz", "/metrics", "/nowhere")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT"])
@pytest.mark.parametrize("path", [*PATHS, *sorted({endpoint.path for endpoint in ENDPOINTS})])
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
async def test_headers_of_every_answer(service: Service, method: str, path: str, accept: str) -> None:
    """Every response forbids storage, has the type that it declares, and runs nothing in a browser."""
    async with service.session.request(method, path, headers={"Accept": accept}) as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_headers_of_malformed_requests(service: Service) -> None:
    """The response to bytes that are not HTTP has the same headers."""
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET\r\n\r\n")
    answer = await reader.read()
    writer.close()
    for header in (b"cache-control: no-store", b"x-content-type-options: nosniff", b"default-src 'none'"):
        assert header in answer


async def test_monitoring_on_a_listener_of_its_own(data_dir: Path) -> None:
    """With a monitor port, clients cannot reach the metrics and the readiness, and see no links to them."""
    free = process.listen("127.0.0.1", 0)
    port = free.getsockname()[1]
    free.close()
    async with serving(data_dir, LINKSKIPPER_MONITOR_PORT=str(port)) as service, aiohttp.ClientSession() as session:
        for path in ("/readyz", "/metrics", "/healthz"):
            async with session.get(f"http://127.0.0.1:{port}{path}") as response:
                assert response.status == 200
            async with session.get(service.address + path) as response:
                assert response.status == (200 if path == "/healthz" else 404)
        async with session.get(service.address + "/", headers={"Accept": "text/html"}) as response:
            assert "/metrics" not in await response.text()
        async with session.get(f"http://127.0.0.1:{port}/v1/account") as response:
            assert response.status == 404


async def test_readiness_is_remembered(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 readiness requests within a second query the database once or twice."""
    asked = []

    async def counted(connection: Any) -> None:
        asked.append(connection)
        await require_current(connection)

    monkeypatch.setattr("linkskipper.api.routes.health.require_current", counted)

    async def ask() -> int:
        async with service.session.get("/readyz") as response:
            return response.status

    assert set(await asyncio.gather(*(ask() for _ in range(200)))) == {200}
    assert len(asked) <= 2


async def test_a_second_api_without_shared_limits(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], pool: Pool
) -> None:
    """The second process that serves the API warns that each process counts its limits alone."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    async with run_service(database_url, tmp_path / "first", tiers=(), webhooks=False):
        assert "limits_not_shared" not in capsys.readouterr().out
        while not await pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'linksk%'"):
            await asyncio.sleep(0.02)
        async with run_service(database_url, tmp_path / "second", tiers=(), webhooks=False):
            assert "limits_not_shared" in capsys.readouterr().out
