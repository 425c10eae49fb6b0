"""A dispatcher and its entries, also one that is taken twice, as when its heartbeats were late."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from linkskipper.accounts import WebhookSecrets, load_keyring
from linkskipper.database import Pool
from linkskipper.egress import Client, Unreachable
from linkskipper.queue.pgqueuer import NewQueueItem, QueueItem, put
from linkskipper.settings import load
from linkskipper.webhooks import AttemptRecorder, DeliveryWorker, Hosts, Schedule, WebhookClient
from support.deliveries import new_key, queued

HOST = "hook.example"


class Thinking:
    """A client whose requests are answered when the test says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.go_on = asyncio.Event()

    async def post(self, *_: object, **__: object) -> None:
        self.asked += 1
        await self.go_on.wait()
        raise Unreachable("gone")


@pytest.fixture
def client() -> Thinking:
    return Thinking()


@pytest.fixture
async def dispatcher(pool: Pool, client: Thinking, tmp_path: Path) -> DeliveryWorker:
    """A dispatcher with one delivery that is due."""
    keyring = load_keyring(load(data_dir=tmp_path))
    await queued(pool, await new_key(pool), f"https://{HOST}/")
    await pool.execute("UPDATE api_keys SET webhook_secret = $1", keyring.encrypt("whsec_" + "A" * 32))
    schedule = Schedule((timedelta(), timedelta(hours=1)), lambda: 0.5)
    record = AttemptRecorder(pool, schedule, pause_after=timedelta(days=5))
    sender = WebhookClient(cast("Client", client))
    return DeliveryWorker(Hosts(pool, WebhookSecrets(pool, keyring)), sender, record, per_host=4, chance=lambda: 0.0)


async def take_twice(pool: Pool, dispatcher: DeliveryWorker, client: Thinking) -> list["asyncio.Task[bool]"]:
    async with pool.acquire() as connection:
        (entry,) = await put(connection, [NewQueueItem("webhooks", HOST.encode())])
    taken = QueueItem(entry, "webhooks", HOST.encode())
    tasks = [asyncio.create_task(dispatcher.dispatch(taken))]
    async with asyncio.timeout(10):
        while not client.asked:
            await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(dispatcher.dispatch(taken)))
        await asyncio.sleep(0.2)
    return tasks


async def test_it_is_one_drain(pool: Pool, dispatcher: DeliveryWorker, client: Thinking) -> None:
    """What is under way is not begun a second time; both end well, and the lease is given back."""
    tasks = await take_twice(pool, dispatcher, client)
    client.go_on.set()
    async with asyncio.timeout(10):
        assert await asyncio.gather(*tasks) == [True, True]
    assert client.asked == 1
    assert await pool.fetchval("SELECT lease FROM webhook_hosts") is None


async def test_all_of_it_is_broken_off(pool: Pool, dispatcher: DeliveryWorker, client: Thinking) -> None:
    """A worker that must leave at once leaves nothing under way; the entry is handed back."""
    tasks = await take_twice(pool, dispatcher, client)
    dispatcher.abandon()
    async with asyncio.timeout(5):
        assert await asyncio.gather(*tasks) == [False, False]
    assert await pool.fetchval("SELECT count(*) FROM webhook_attempts") == 0


async def test_a_host_that_is_let_go_takes_no_room(pool: Pool, dispatcher: DeliveryWorker, client: Thinking) -> None:
    """That a host was failing is not kept in mind: it may be another process that sees it recover."""
    (first, _) = await take_twice(pool, dispatcher, client)
    client.go_on.set()
    assert await first
    assert await pool.fetchval("SELECT failures FROM webhook_hosts") == 1
    assert dispatcher._record._failing == set()
