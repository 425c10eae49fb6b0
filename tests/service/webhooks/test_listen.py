"""linkskipper listen: the events of a key on a developer's machine."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import ClientResponse, ClientSession, web
from standardwebhooks.webhooks import Webhook

from linkskipper.accounts import create_key, load_keyring, roll_key
from linkskipper.api.routes.events import MAX_STREAMS
from linkskipper.jobs.notifications import MAX_UNREAD, JobSubscription
from support.deliveries import ended
from support.receiver import Receiver
from support.service import Caller, Service, fresh_link

COMMAND = str(Path(sys.executable).with_name("linkskipper"))


@asynccontextmanager
async def listening(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "listen", *arguments),
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            assert b"Listening" in await process.stderr.readline()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def own_machine(got: list[tuple[bytes, dict[str, str]]], status: int = 200) -> AsyncIterator[str]:
    """Run a plain HTTP server on localhost that records its requests."""

    async def hook(request: web.Request) -> web.Response:
        got.append((await request.read(), {name.lower(): value for name, value in request.headers.items()}))
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://localhost:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listen_to(service: Service, key: str) -> AsyncIterator[ClientResponse]:
    """Open a stream on a connection of its own."""
    async with (
        ClientSession(service.url, headers={"Authorization": f"Bearer {key}"}) as session,
        session.get("/listen") as response,
    ):
        yield response


async def test_events_are_shown_and_forwarded(hooks: Service, receiver: Receiver) -> None:
    """Events of the key's jobs are shown, signed and forwarded, with or without a webhook_url. Others are not."""
    account = (await hooks.caller()).account_id
    made = await create_key(hooks.pool, load_keyring(hooks.settings), account, name="dev", rate_limit=1000)
    caller, other = Caller(hooks.session, account, made.id, made.key), await hooks.caller()
    got: list[tuple[bytes, dict[str, str]]] = []
    async with (
        own_machine(got, status=500) as target,
        listening("--key", made.key, "--url", hooks.url, "--forward-to", target) as process,
    ):
        assert process.stdout is not None
        url = receiver.url()
        jobs = [
            (await caller.resolve(fresh_link(), wait=10)).body["job_id"],
            (await caller.resolve(fresh_link(), wait=10, webhook_url=url)).body["job_id"],
        ]
        await other.resolve(fresh_link(), wait=10)
        jobs.append((await caller.resolve(fresh_link("gate.lab.test"))).body["job_id"])
        async with asyncio.timeout(60):
            lines = [(await process.stdout.readline()).decode().split() for _ in jobs]
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    assert [line[1:3] for line in lines] == [
        ["resolve.done", jobs[0]],
        ["resolve.done", jobs[1]],
        ["resolve.failed", jobs[2]],
    ]
    assert {line[-1] for line in lines} == {"500"}
    events = [Webhook(made.webhook_secret).verify(body, headers) for body, headers in got]
    assert [event["job_id"] for event in events] == jobs
    delivery, attempts = await ended(hooks.pool, jobs[1])
    assert (got[1][0], got[1][1]["webhook-id"]) == (delivery.body.encode(), str(delivery.id))
    assert len(attempts) == 1


async def test_a_stream_ends_with_its_key(hooks: Service) -> None:
    """The stream of a rolled key ends. It shows no job of the key's new value."""
    keyring = load_keyring(hooks.settings)
    account = (await hooks.caller()).account_id
    old = await create_key(hooks.pool, keyring, account, name="dev", rate_limit=1000)
    headers = {"Authorization": f"Bearer {old.key}"}
    async with hooks.session.get("/listen", headers=headers) as stream:
        assert await stream.content.readline() == b"\n"
        new = await roll_key(hooks.pool, keyring, old.id, grace=timedelta(0))
        await asyncio.sleep(1)  # by then it stops working everywhere
        answer = await Caller(hooks.session, account, new.id, new.key).resolve(fresh_link(), wait=10)
        assert answer.status == 200
        async with asyncio.timeout(20):
            assert await stream.content.read() == b""


async def test_streams_of_a_key_are_bounded(hooks: Service) -> None:
    """A key has at most ten streams. A stream that ends frees its place."""
    key = (await hooks.caller()).key
    async with AsyncExitStack() as open_streams:
        for _ in range(10):
            stream = await open_streams.enter_async_context(listen_to(hooks, key))
            assert (stream.status, await stream.content.readline()) == (200, b"\n")
        async with listen_to(hooks, key) as refused:
            assert (refused.status, (await refused.json())["code"]) == (429, "rate_limited")
    async with asyncio.timeout(60):
        while True:
            async with listen_to(hooks, key) as stream:
                if stream.status == 200:
                    break
            await asyncio.sleep(0.2)


@pytest.mark.attack
async def test_many_streams_at_once(hooks: Service) -> None:
    """A key that asks for many streams at the same moment gets ten too."""
    headers = {"Authorization": f"Bearer {(await hooks.caller()).key}"}
    streams = await asyncio.gather(*(hooks.session.get("/listen", headers=headers) for _ in range(3 * MAX_STREAMS)))
    counts = Counter(stream.status for stream in streams)
    for stream in streams:
        stream.close()
    assert counts == {200: MAX_STREAMS, 429: 2 * MAX_STREAMS}


def test_a_reader_that_falls_behind() -> None:
    """A subscription keeps a bounded number of unread jobs, and then overflows."""
    subscription = JobSubscription()
    for _ in range(MAX_UNREAD):
        subscription.publish(uuid4())
    assert not subscription.overflowed
    subscription.publish(uuid4())
    assert subscription.overflowed


async def test_errors_are_one_line(hooks: Service) -> None:
    """An unknown key and an unknown host end with one line and exit code 1."""
    for arguments, message in (
        (("--key", "sk_live_x", "--url", hooks.url), "does not know this key"),
        (("--key", "x", "--url", "http://nowhere.invalid"), "nowhere.invalid"),
    ):
        process = await asyncio.create_subprocess_exec(
            *(COMMAND, "listen", *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert (process.returncode, out) == (1, b"")
        assert message in err.decode()
        assert "Traceback" not in err.decode()
