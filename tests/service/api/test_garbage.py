"""Arbitrary bytes, headers and paths at every endpoint of a service in its own process."""

import asyncio
import contextlib
import json
import os
import re
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from linkskipper.accounts import create_account, create_key, load_keyring
from linkskipper.database import Pool
from linkskipper.settings import load

SECRET = "s" * 32
ANSWER_SECONDS = 5
START_SECONDS = 20
EXAMPLES = 1000
GROWTH_BYTES = 8 * 2**20

ENDPOINTS = [
    *(b"/v1/resolve", b"/v1/jobs/", b"/v1/jobs/00000000-0000-0000-0000-000000000000", b"/v1/account", b"/v1/providers"),
    *(b"/healthz", b"/readyz", b"/metrics", b"/errors", b"/docs", b"/openapi.json", b"/", b"*", b"http://x/v1/account"),
]
QUERIES = [b"?wait=0", b"?wait=1e309", b"?wait=nan", b"?wait=&wait=1", b"?include=trace", b"/%00", b"/../..", b"%ff"]
FRAMING = [b"Content-Length", b"Transfer-Encoding", b"Upgrade", b"Connection", b"Expect", b"Trailer"]
FRAMES = [
    b"0",
    b"-1",
    b"1",
    b"99999999999999999999",
    b"chunked",
    b"gzip, chunked",
    b"websocket",
    b"h2c",
    b"100-continue",
]
NAMES = [
    *(b"Content-Type", b"Idempotency-Key", b"X-Request-Id", b"Cookie", b"Accept", b"Host", b"Range", b"Origin"),
    *(b"Forwarded", b"Content-Encoding", b"Accept-Encoding", b"If-None-Match", b"Authorization"),
]

visible = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=80)
anything = st.binary(max_size=80).map(lambda data: data.translate(None, b"\r\n"))
line = st.integers(0, 9).flatmap(lambda dice: visible.map(lambda text: text.encode("latin-1")) if dice else anything)
token = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ-!#$%", min_size=1, max_size=12).map(str.encode)
methods = st.sampled_from([b"GET", b"POST", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"TRACE", b"CONNECT", b"PURGE"])
targets = st.tuples(st.sampled_from(ENDPOINTS), st.just(b"") | st.sampled_from(QUERIES) | line).map(b"".join)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
members = st.sampled_from(["url", "idempotency_key", "webhook_url", "\0", "x"])
bodies = st.one_of(
    st.just(b""),
    st.binary(max_size=200),
    st.dictionaries(members, json_values, max_size=4).map(lambda value: json.dumps(value).encode()),
    st.integers(1, 5000).map(lambda depth: b"[" * depth),
    st.integers(60_000, 70_000).map(lambda size: b'{"url":"' + b"x" * size + b'"}'),
)
headers = st.lists(st.tuples(st.sampled_from(NAMES) | token, line), max_size=4)
framing = st.lists(st.tuples(st.sampled_from(FRAMING), st.sampled_from(FRAMES) | line), min_size=1, max_size=3)


@dataclass(frozen=True)
class Target:
    """A service in its own process, and a key for it."""

    process: Process
    port: int
    key: str

    def head(self, method: bytes, target: bytes, fields: list[tuple[bytes, bytes]], *, keyed: bool) -> bytes:
        shown = [(b"Authorization", b"Bearer " + self.key.encode()), *fields] if keyed else fields
        return b"".join([method, b" ", target, b" HTTP/1.1\r\n", *(b"%b: %b\r\n" % field for field in shown), b"\r\n"])

    def answered(self, request: bytes) -> int:
        """Return the status of the response to a complete request. The response must come."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_SECONDS) as connection:
            with contextlib.suppress(ConnectionError):  # it may refuse before it has read all
                connection.sendall(request)
            top = b""
            while b"\r\n" not in top:
                more = connection.recv(65536)
                assert more, f"no answer to {request!r}"
                top += more
        return int(top.split()[1])

    def ended(self, request: bytes) -> bytes:
        """Send bytes that may not be a request, close the sending side, and return what comes back."""
        received = b""
        address = ("127.0.0.1", self.port)
        with (
            socket.create_connection(address, timeout=ANSWER_SECONDS) as connection,
            contextlib.suppress(ConnectionError),
        ):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while more := connection.recv(65536):
                received += more
        return received

    def memory(self) -> int:
        """Return the bytes that the process holds in memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def attack(self, number: int) -> None:
        """Send some thousand requests, which differ for each number."""
        profile = settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))

        @seed(number)
        @profile
        @given(methods, targets, headers, bodies, st.booleans())
        def complete(method: bytes, target: bytes, fields: list[tuple[bytes, bytes]], body: bytes, keyed: bool) -> None:  # noqa: FBT001
            fields = [*fields, (b"Content-Length", str(len(body)).encode())]
            assert self.answered(self.head(method, target, fields, keyed=keyed) + body) < 500

        @seed(number)
        @profile
        @given(st.binary(max_size=300) | st.builds(self.head, methods, targets, framing, keyed=st.booleans()), bodies)
        def broken(head: bytes, body: bytes) -> None:
            assert not re.match(rb"HTTP/1.1 5", self.ended(head + body))

        complete()
        broken()


@asynccontextmanager
async def api_process(database_url: str, data_dir: Path, log: Path) -> AsyncIterator[tuple[Process, str]]:
    """Run `linkskipper api` as an operator does, with its log in a file. Yield the process and its address."""
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("linkskipper")), "api", "--port", "0", "--data-dir", str(data_dir)),
            env={
                **os.environ,
                "LINKSKIPPER_DATABASE_URL": database_url,
                "LINKSKIPPER_SECRET_KEY": SECRET,
                "LINKSKIPPER_LOG_JSON": "true",
            },
            stderr=stderr,
        )
    try:
        async with asyncio.timeout(START_SECONDS):
            while not (ready := re.search(r'"address": "([^"]+)"', log.read_text())):
                await asyncio.sleep(0.05)
        yield process, ready[1]
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
async def test_garbage(database_url: str, pool: Pool, tmp_path: Path) -> None:
    """Garbage causes no 5xx, hang, crash, growth of memory, hold or charge. The service then answers as before."""
    account = await create_account(pool, "test", credits=100)
    keyring = load_keyring(load(secret_key=SECRET, data_dir=tmp_path))
    made = await create_key(pool, keyring, account.id, name="test", rate_limit=1_000_000)
    log = tmp_path / "log"
    async with api_process(database_url, tmp_path, log) as (process, address):
        target = Target(process, int(address.rpartition(":")[2]), made.key)
        target.attack(1)
        before = target.memory()
        target.attack(2)
        grown = target.memory() - before
        assert grown < GROWTH_BYTES, f"{grown / 2**20:.1f} MB more"
        async with (
            aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {made.key}"}) as session,
            session.get("/v1/account") as answer,
        ):
            assert (answer.status, (await answer.json())["balance"]) == (200, 100)
    assert "api.crashed" not in log.read_text()
    assert await pool.fetchval("SELECT balance - held FROM accounts WHERE id = $1", account.id) == 100
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0
