"""The receivers of the documents, run unchanged against the vectors and real requests."""

import asyncio
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from linkskipper.accounts.tokens import new_webhook_secret
from linkskipper.webhooks.signing import signed_headers

DOCS = Path(__file__).parents[3] / "docs"
RECEIVERS = DOCS / "receivers"
VECTORS = json.loads((DOCS / "webhook-vectors.json").read_text())
SECONDS = 60

SERVERS = {
    "Python": (sys.executable, str(RECEIVERS / "receiver.py")),
    "JavaScript": ("node", str(RECEIVERS / "receiver.mjs")),
    "PHP": ("php", "-S", "127.0.0.1:PORT", str(RECEIVERS / "receiver.php")),
}
PYTHON = """
import json, sys
sys.path.insert(0, "FOLDER")
from receiver import verify
for each in json.load(sys.stdin):
    for secret in each["secrets"]:
        signature = each["headers"]["X-LinkSkipper-Signature"]
        print(verify(each["body"].encode(), signature, secret, each["timestamp"])["job_id"])
"""
JAVASCRIPT = """
import { verify } from "FOLDER/receiver.mjs";
import { readFileSync } from "node:fs";
for (const each of JSON.parse(readFileSync(0))) {
  const signature = each.headers["X-LinkSkipper-Signature"];
  for (const secret of each.secrets) {
    console.log(verify(Buffer.from(each.body), signature, secret, each.timestamp).job_id);
  }
}
"""
PHP = """
require 'FOLDER/receiver.php';
foreach (json_decode(file_get_contents('php://stdin'), true) as $each) {
    foreach ($each['secrets'] as $secret) {
        $signature = $each['headers']['X-LinkSkipper-Signature'];
        echo verify($each['body'], $signature, $secret, $each['timestamp'])['job_id'], PHP_EOL;
    }
}
"""
ON_VECTORS = {
    "Python": [sys.executable, "-c", PYTHON],
    "JavaScript": ["node", "--input-type=module", "-e", JAVASCRIPT],
    "PHP": ["php", "-r", PHP],
}


def program(name: str) -> str:
    path = shutil.which(name)
    assert path is not None, f"{name} is missing. make test installs it on Debian as root"
    return path


@asynccontextmanager
async def serving(language: str, secret: str) -> AsyncIterator[str]:
    """Run the receiver of a language and yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    name, *arguments = (word.replace("PORT", str(port)) for word in SERVERS[language])
    process = await asyncio.create_subprocess_exec(
        *(program(name), *arguments),
        env={**os.environ, "PORT": str(port), "LINKSKIPPER_WEBHOOK_SECRET": secret},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("language", SERVERS)
async def test_vectors(language: str) -> None:
    """`verify` accepts every vector with each of its secrets."""
    command = [word.replace("FOLDER", str(RECEIVERS)) for word in ON_VECTORS[language]]
    process = await asyncio.create_subprocess_exec(
        program(command[0]), *command[1:], stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(json.dumps(VECTORS).encode())
    assert process.returncode == 0
    expected = [json.loads(each["body"])["job_id"] for each in VECTORS for _ in each["secrets"]]
    assert out.decode().split() == expected


@pytest.mark.parametrize("language", SERVERS)
async def test_requests(language: str) -> None:
    """The receiver accepts requests of either secret, and refuses changed, old and unsigned requests."""
    secret, now = new_webhook_secret(), datetime.now(UTC)
    body = VECTORS[2]["body"].encode()

    def signed(at: datetime, *secrets: str) -> dict[str, str]:
        return signed_headers(secrets, "019bb7a4-6b10-7000-8000-000000000000", body, at)

    requests: list[tuple[dict[str, str], bytes, int]] = [
        (signed(now, secret), body, 204),
        (signed(now, secret), body, 204),
        (signed(now, new_webhook_secret(), secret), body, 204),
        (signed(now, secret, new_webhook_secret()), body, 204),
        (signed(now, secret), body.replace(b"98", b"99"), 400),
        (signed(now, new_webhook_secret()), body, 400),
        (signed(now - timedelta(seconds=330), secret), body, 400),
        (signed(now + timedelta(seconds=330), secret), body, 400),
        ({}, body, 400),
        ({"X-LinkSkipper-Signature": f"t={int(time.time())},v1="}, body, 400),
        ({"X-LinkSkipper-Signature": "v1,t,="}, body, 400),
    ]
    async with serving(language, secret) as address, aiohttp.ClientSession() as session:
        for headers, sent, status in requests:
            async with session.post(address, data=sent, headers=headers) as response:
                assert response.status == status, (headers, await response.text())


@pytest.mark.attack
@pytest.mark.parametrize("language", SERVERS)
async def test_bodies_over_the_limit(language: str) -> None:
    """A receiver reads no more than a limit, with and without a length, and serves the next request."""
    secret, size = new_webhook_secret(), 64 * 1024

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * size

    async with serving(language, secret) as address, aiohttp.ClientSession() as session:
        async with session.post(address, data=b"x" * size) as response:
            assert response.status == 400
        for data in (b"x" * (size + 1), endless()):
            with suppress(aiohttp.ClientError):
                async with session.post(address, data=data) as response:
                    assert response.status == 413
        async with session.post(address, data=b"{}") as response:
            assert response.status == 400
