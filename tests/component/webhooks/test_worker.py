"""The delivery worker and its queue entries, including an entry that the queue gives out twice."""

import asyncio
from pathlib import Path
from typing import cast

import pytest

from linkskipper.accounts import load_keyring
from linkskipper.database import Pool
from linkskipper.egress import Client, Unreachable
from linkskipper.queue import NewQueueItem, QueueItem, enqueue
from linkskipper.settings import load
from linkskipper.webhooks import DeliveryWorker, HostLeases, Receivers, WebhookClient
from support.deliveries import attempt_recorder, pending_deliveries, queued
from support.factories import make_key

HOST = "hook.example"


class SlowClient:
    """A client whose requests fail once the test sets `proceed`."""

    def __init__(self) -> None:
        self.requests = 0
        self.proceed = asyncio.Event()

    async def post(self, *_: object, **__: object) -> None:
        self.requests += 1
        await self.proceed.wait()
        raise Unreachable("gone")


@pytest.fixture
def client() -> SlowClient:
    return SlowClient()


@pytest.fixture
async def worker(pool: Pool, client: SlowClient, tmp_path: Path) -> DeliveryWorker:
    """A worker with one due delivery."""
    keyring = load_keyring(load(data_dir=tmp_path))
    await queued(pool, await make_key(pool), f"https://{HOST}/")
    await pool.execute("UPDATE api_keys SET webhook_secret = $1", keyring.encrypt("whsec_" + "A" * 32))
    return DeliveryWorker(
        HostLeases(pool),
        pending_deliveries(pool, tmp_path),
        WebhookClient(Receivers(cast("Client", client))),
        attempt_recorder(pool),
        per_host=4,
        random=lambda: 0.0,
    )


async def handle_twice(pool: Pool, worker: DeliveryWorker, client: SlowClient) -> list["asyncio.Task[bool]"]:
    """Handle an entry a second time during the first attempt."""
    async with pool.acquire() as connection:
        (entry_id,) = await enqueue(connection, [NewQueueItem("webhooks", HOST.encode())])
    item = QueueItem(entry_id, "webhooks", HOST.encode())
    tasks = [asyncio.create_task(worker.handle(item))]
    async with asyncio.timeout(60):
        while not client.requests:
            await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(worker.handle(item)))
        await asyncio.sleep(0.2)
    return tasks


async def test_an_entry_given_out_twice_runs_once(pool: Pool, worker: DeliveryWorker, client: SlowClient) -> None:
    """No attempt is made twice, both calls end, and the lease is released."""
    tasks = await handle_twice(pool, worker, client)
    client.proceed.set()
    async with asyncio.timeout(60):
        assert await asyncio.gather(*tasks) == [True, True]
    assert client.requests == 1
    assert await pool.fetchval("SELECT lease_entry_id FROM webhook_hosts") is None


async def test_cancel_hands_entries_back(pool: Pool, worker: DeliveryWorker, client: SlowClient) -> None:
    """A cancelled worker leaves no attempt under way and hands the entry back."""
    tasks = await handle_twice(pool, worker, client)
    worker.cancel()
    async with asyncio.timeout(20):
        assert await asyncio.gather(*tasks) == [False, False]
    assert await pool.fetchval("SELECT count(*) FROM webhook_attempts") == 0
