"""linkskipper doctor: it finds each fault, and says what to do."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from prometheus_client import REGISTRY

from linkskipper.credits import watching_ledger
from linkskipper.database import Pool
from linkskipper.queue import QueuedJob, enqueue_jobs
from linkskipper.service.doctor.machine_checks import check_dns
from linkskipper.settings import load
from support.factories import make_jobs, make_key
from support.fake_dns import FakeDns
from support.pgbouncer import run_pgbouncer
from support.processes import run

SECRET = "the secret of this service, which no other service has"


@pytest.fixture
async def reachable(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Settings that lead example.com to a server that answers, with the secret of the service."""
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("example.com").configure_cert(context)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        yield {
            "LINKSKIPPER_HOST_MAP": f"example.com:443=127.0.0.1:{port}",
            "LINKSKIPPER_EXTRA_CA": str(tmp_path / "ca.pem"),
            "LINKSKIPPER_SECRET_KEY": SECRET,
        }


async def examine(data_dir: Path, settings: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Run the command. Return its exit code and its results by name."""
    ended = await run("doctor", "--json", data_dir=data_dir, **settings)
    return ended.code, {result["name"]: result for result in json.loads(ended.out)}


async def test_a_healthy_installation(database_url: str, tmp_path: Path, reachable: dict[str, str]) -> None:
    """Everything is ok, and the exit code is 0."""
    code, results = await examine(tmp_path, reachable | {"LINKSKIPPER_DATABASE_URL": database_url})
    assert {name: result["state"] for name, result in results.items()} == dict.fromkeys(results, "ok")
    assert (code, len(results)) == (0, 15)
    shown = await run("doctor", data_dir=tmp_path, **reachable, LINKSKIPPER_DATABASE_URL=database_url)
    assert (shown.code, shown.out.count("ok     "), shown.out.count("Do:")) == (0, 15, 0)


@pytest.mark.parametrize(
    ("name", "state", "settings"),
    [
        ("database", "problem", {"LINKSKIPPER_DATABASE_URL": "postgresql://postgres@127.0.0.1:1/postgres"}),
        ("limits store", "problem", {"LINKSKIPPER_LIMITS_URL": "valkey://127.0.0.1:1"}),
        ("egress", "problem", {"LINKSKIPPER_HOST_MAP": "example.com:443=127.0.0.1:1"}),
        ("browser", "problem", {"LINKSKIPPER_BROWSER": "/nowhere/chromium"}),
        ("browser", "problem", {"LINKSKIPPER_BROWSER": "/bin/false"}),
        ("safety", "warning", {"LINKSKIPPER_EGRESS_ALLOW": "10.0.0.0/8"}),
        ("safety", "warning", {"LINKSKIPPER_HOST": "192.0.2.1"}),
    ],
)
async def test_a_wrong_setting(
    database_url: str, tmp_path: Path, reachable: dict[str, str], name: str, state: str, settings: dict[str, str]
) -> None:
    """The check of the settings reports it, and all other checks are still ok."""
    code, results = await examine(tmp_path, {"LINKSKIPPER_DATABASE_URL": database_url} | reachable | settings)
    assert {result["name"] for result in results.values() if result["state"] != "ok"} == {name}
    assert (results[name]["state"], code) == (state, 1 if state == "problem" else 0)
    assert results[name]["action"].endswith(".")


async def test_ways_through_pgbouncer(
    server_url: str, database_url: str, tmp_path: Path, reachable: dict[str, str]
) -> None:
    """A way through PgBouncer and a direct one to the same database are ok. Each other case says what to set."""
    async with run_pgbouncer(database_url) as through, run_pgbouncer(server_url) as elsewhere:
        names = ("LINKSKIPPER_DATABASE_URL", "LINKSKIPPER_DATABASE_DIRECT_URL")
        _, results = await examine(tmp_path, reachable | dict(zip(names, (through, database_url), strict=True)))
        assert results["connections"]["state"] == "ok"
        assert "through PgBouncer" in results["connections"]["found"]
        _, results = await examine(tmp_path, reachable | dict(zip(names, (elsewhere, database_url), strict=True)))
        assert results["connections"]["state"] == "problem"
        assert "different databases" in results["connections"]["found"]
        _, results = await examine(tmp_path, reachable | {"LINKSKIPPER_DATABASE_URL": through})
        assert results["database"]["state"] == "problem"
        assert "LINKSKIPPER_DATABASE_DIRECT_URL" in results["database"]["found"]


async def test_another_secret(pool: Pool, database_url: str, tmp_path: Path, reachable: dict[str, str]) -> None:
    """Keys that were made with another secret are counted."""
    await make_key(pool)
    _, results = await examine(tmp_path, reachable | {"LINKSKIPPER_DATABASE_URL": database_url})
    assert results["secret"]["state"] == "problem"
    assert "1 of 1 keys" in results["secret"]["found"]


async def test_links_that_nobody_takes(
    pool: Pool, database_url: str, tmp_path: Path, reachable: dict[str, str]
) -> None:
    """A link that has waited for two minutes without a worker is a problem. One that has just come is not."""
    (job,) = await make_jobs(pool, await make_key(pool), ["queued"])
    async with pool.acquire() as connection:
        await enqueue_jobs(connection, [QueuedJob("standard", job)])
    settings = reachable | {"LINKSKIPPER_DATABASE_URL": database_url}
    assert (await examine(tmp_path, settings))[1]["queue"]["state"] == "ok"
    await pool.execute(
        "UPDATE pgqueuer SET created = created - $1::interval, execute_after = execute_after - $1::interval",
        timedelta(minutes=2),
    )
    assert (await examine(tmp_path, settings))[1]["queue"]["state"] == "problem"


async def test_a_broken_provider_file(database_url: str, tmp_path: Path, reachable: dict[str, str]) -> None:
    """The file and its fault are named."""
    providers = tmp_path / "providers"
    providers.mkdir()
    (providers / "short.toml").write_text("id = 3\n")
    settings = reachable | {"LINKSKIPPER_DATABASE_URL": database_url, "LINKSKIPPER_PROVIDERS_DIR": str(providers)}
    _, results = await examine(tmp_path, settings)
    assert results["provider files"]["state"] == "problem"
    assert "short.toml" in results["provider files"]["found"]


async def test_no_database(data_dir: Path, reachable: dict[str, str]) -> None:
    """A missing database is a problem, and none is created."""
    code, results = await examine(data_dir, reachable)
    assert (code, results["database"]["state"], data_dir.exists()) == (1, "problem", False)


async def test_a_balance_that_drifted(pool: Pool, database_url: str, tmp_path: Path, reachable: dict[str, str]) -> None:
    """An account whose balance is not the sum of its ledger is a problem, and the metric counts it."""
    await make_key(pool)
    settings = reachable | {"LINKSKIPPER_DATABASE_URL": database_url}
    assert (await examine(tmp_path, settings))[1]["ledger"]["state"] == "ok"
    await pool.execute("UPDATE accounts SET balance = balance + 1")
    result = (await examine(tmp_path, settings))[1]["ledger"]
    assert (result["state"], "1 accounts" in result["found"]) == ("problem", True)
    await watching_ledger(database_url).work()
    assert REGISTRY.get_sample_value("linkskipper_ledger_drift_accounts") == 1


@pytest.mark.parametrize(
    ("answer", "state"), [(["93.184.215.14"], "ok"), ("SERVFAIL", "problem"), (["10.0.0.1"], "problem")]
)
async def test_dns(dns: FakeDns, answer: list[str] | str, state: str) -> None:
    """A name server that knows the public name is right. One that fails, or gives a private address, is a problem."""
    dns.set("example.com", answer)
    assert (await check_dns(load(), [f"127.0.0.1:{dns.port}"])).state == state
