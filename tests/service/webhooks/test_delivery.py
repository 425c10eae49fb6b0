"""Deliveries: what receivers get, how often, and what is recorded."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID, uuid4

import pytest
from standardwebhooks.webhooks import Webhook

from linkskipper.accounts import create_key, load_keyring
from linkskipper.webhooks import DeliveryStatus
from support.deliveries import attempted, delivery_of, ended, let_pass
from support.factories import cache_target
from support.receiver import Received, Receiver, Script, answer, hang_up
from support.service import Caller, Service, fresh_link

MEMBERS = [
    *("event", "created_at", "job_id", "status", "target_url", "provider", "tier", "error", "credits_charged"),
    "balance",
]


async def test_event_of_a_job_that_is_done(hooks: Service, receiver: Receiver) -> None:
    """The event of a done job arrives within moments: JSON with the members of the contract, signed."""
    account = (await hooks.caller(credits=5)).account_id
    key = await create_key(hooks.pool, load_keyring(hooks.settings), account, name="test")
    caller = Caller(hooks.session, account, key.id, key.key)
    url, link = receiver.url(), fresh_link()
    job_id = (await caller.resolve(link, webhook_url=url)).body["job_id"]
    (request,) = await receiver.received(url)
    event = request.event
    assert list(event) == MEMBERS
    assert datetime.now(UTC) - datetime.fromisoformat(event["created_at"]) < timedelta(seconds=10)
    assert len(event["created_at"]) == len("2026-06-05T12:00:00.000Z")
    del event["created_at"]
    assert event == {
        "event": "resolve.done",
        "job_id": job_id,
        "status": "done",
        "target_url": f"https://example.com/landing/{link.rpartition('/')[2]}",
        "provider": "lab-bulk",
        "tier": "standard",
        "error": None,
        "credits_charged": 1,
        "balance": 4,
    }
    assert request.headers["content-type"] == "application/json"
    Webhook(key.webhook_secret).verify(request.body, request.headers)
    delivery, (attempt,) = await ended(hooks.pool, job_id)
    assert (delivery.body.encode(), str(delivery.id)) == (request.body, request.headers["webhook-id"])
    assert (attempt.number, attempt.status, attempt.error) == (1, 200, None)


@pytest.mark.parametrize(
    ("link", "status", "error"),
    [
        ("https://gate.lab.test/delivery", "failed", "resolve_failed"),
        ("https://changed.lab.test/x", "failed", "resolve_failed"),
    ],
)
async def test_event_of_a_job_that_failed(
    hooks: Service, receiver: Receiver, link: str, status: str, error: str
) -> None:
    """The event of a failed job has an error, and no target, provider or tier."""
    caller = await hooks.caller(credits=5)
    url = receiver.url()
    job_id = (await caller.resolve(link, webhook_url=url)).body["job_id"]
    (request,) = await receiver.received(url)
    event = request.event
    assert (event["event"], event["job_id"], event["status"], event["error"]) == (
        "resolve.failed",
        job_id,
        status,
        error,
    )
    assert [event[name] for name in ("target_url", "provider", "tier")] == [None, None, None]
    assert (event["credits_charged"], event["balance"]) == (0, 5)


async def test_events_of_jobs_that_share_a_resolution(hooks: Service, receiver: Receiver) -> None:
    """Each of several jobs for one link sends its own event. Only one job is charged."""
    caller = await hooks.caller(credits=9)
    link = f"https://slow.lab.test/1/{uuid4().hex}"
    urls = [receiver.url() for _ in range(5)]
    jobs = [(await caller.resolve(link, webhook_url=url)).body["job_id"] for url in urls]
    events = [(await receiver.received(url))[0].event for url in urls]
    assert [event["job_id"] for event in events] == jobs
    assert sorted(event["credits_charged"] for event in events) == [0, 0, 0, 0, 1]
    assert {event["balance"] for event in events} == {8}


async def test_event_of_a_job_answered_from_the_cache(hooks: Service, receiver: Receiver) -> None:
    """A job whose link is in the cache when its worker takes it sends an event."""
    caller = await hooks.caller(credits=9)
    first = f"https://slow.lab.test/1/{uuid4().hex}"
    url = receiver.url()
    job_id = (await caller.resolve(first, webhook_url=url)).body["job_id"]
    await cache_target(hooks.pool, job_id, "https://example.com/known")
    event = (await receiver.received(url))[0].event
    assert (event["job_id"], event["status"]) == (job_id, "done")


async def test_cached_answers_send_no_event(hooks: Service, receiver: Receiver) -> None:
    """A cached answer makes no job, so it sends no event (docs/reference/api.md)."""
    caller = await hooks.caller()
    link = fresh_link()
    assert (await caller.resolve(link, wait=10)).status == 200
    count = await hooks.pool.fetchval("SELECT count(*) FROM webhook_deliveries")
    assert (await caller.resolve(link, webhook_url=receiver.url())).body["cached"] is True
    assert await hooks.pool.fetchval("SELECT count(*) FROM webhook_deliveries") == count


async def test_retries_send_the_same_bytes(hooks: Service, receiver: Receiver) -> None:
    """A retry follows the schedule. It has the same id and body, and a signature with its own time."""
    answers = [answer(500), answer(503), answer(204)]

    async def script(request: Received, writer: asyncio.StreamWriter) -> None:
        await answers.pop(0)(request, writer)

    caller = await hooks.caller()
    url = receiver.url(receiver.host(script))
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    first, second, third = await receiver.received(url, 3)
    assert first.body == second.body == third.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == third.headers["webhook-id"]
    delivery, attempts = await ended(hooks.pool, job_id)
    assert [(attempt.status, attempt.error) for attempt in attempts] == [
        (500, "answered 500"),
        (503, "answered 503"),
        (204, None),
    ]
    gap = attempts[1].started_at - attempts[0].started_at
    assert timedelta(seconds=0.24) < gap < timedelta(seconds=15)
    assert (delivery.attempts, delivery.next_attempt_at) == (3, None)


async def test_a_delivery_fails_after_its_last_attempt(hooks: Service, receiver: Receiver) -> None:
    """The waits follow the schedule. After the last attempt the delivery has failed."""
    caller = await hooks.caller()
    url = receiver.url(receiver.host(hang_up))
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    delivery, attempts = await attempted(hooks.pool, job_id, 3)
    assert [each.error for each in attempts] == ["cannot be reached"] * 3
    assert delivery.next_attempt_at is not None
    wait = delivery.next_attempt_at - datetime.now(UTC)
    assert timedelta(seconds=470) < wait < timedelta(seconds=720)
    await let_pass(hooks.pool, timedelta(seconds=720))
    delivery, attempts = await ended(hooks.pool, job_id, DeliveryStatus.FAILED)
    assert (delivery.attempts, delivery.next_attempt_at, len(attempts)) == (4, None, 4)


REDIRECT = answer(302, "Location: https://hook.example/elsewhere")


@pytest.mark.parametrize(
    ("script", "status", "error"),
    [
        (REDIRECT, 302, "answered 302: redirects are not followed"),
        (answer(307, "Location: http://127.0.0.1/"), 307, "answered 307: redirects are not followed"),
        (answer(404, body=b"who?"), 404, "answered 404"),
        (answer(100), None, "no answer in time"),
    ],
)
async def test_answers_that_are_failures(
    hooks: Service, receiver: Receiver, script: Script, status: int | None, error: str
) -> None:
    """Redirects are not followed. Every answer but a 2xx in time is a failure."""
    caller = await hooks.caller()
    url = receiver.url(receiver.host(script))
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    _, attempts = await attempted(hooks.pool, job_id)
    assert (attempts[0].status, attempts[0].error) == (status, error)
    assert not [each for each in receiver.requests if each.path == "/elsewhere"]


async def test_gone_ends_the_attempts(hooks: Service, receiver: Receiver) -> None:
    """After a 410, no further attempt is made."""
    caller = await hooks.caller()
    url = receiver.url(receiver.host(answer(410)))
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    delivery, attempts = await ended(hooks.pool, job_id, DeliveryStatus.FAILED)
    assert (delivery.attempts, attempts[0].error) == (1, "answered 410: no further attempts are made")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
async def test_retry_after_is_respected(hooks: Service, receiver: Receiver, status: int, *, as_date: bool) -> None:
    """The next attempt waits for the seconds or the date of Retry-After."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    caller = await hooks.caller()
    url = receiver.url(receiver.host(answer(status, f"Retry-After: {date if as_date else 120}")))
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    delivery, _ = await attempted(hooks.pool, job_id)
    assert delivery.next_attempt_at is not None
    assert timedelta(seconds=100) < delivery.next_attempt_at - datetime.now(UTC) <= timedelta(seconds=120)


async def test_attempts_under_way_to_a_host_are_bounded(hooks: Service, receiver: Receiver) -> None:
    """A slow receiver with a backlog has no more attempts under way than the bound, and delays no other receiver."""

    async def slow(request: Received, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        await answer(200)(request, writer)

    caller = await hooks.caller(credits=1000)
    host, live = receiver.host(slow), receiver.host()
    jobs = await asyncio.gather(*(caller.resolve(fresh_link(), webhook_url=receiver.url(host)) for _ in range(20)))
    url = receiver.url(live)
    await caller.resolve(fresh_link(), webhook_url=url)
    await receiver.received(url)
    assert len([each for each in receiver.requests if each.host == host]) <= 8
    for job in jobs:
        await ended(hooks.pool, job.body["job_id"])
    assert receiver.most_under_way[host] == 4


async def test_a_hanging_attempt_delays_no_other(hooks: Service, receiver: Receiver) -> None:
    """While an attempt hangs, the next event for the same host is sent at once."""
    hanging, released = asyncio.Event(), asyncio.Event()

    async def script(request: Received, writer: asyncio.StreamWriter) -> None:
        if not hanging.is_set():
            hanging.set()
            await released.wait()
        await answer(200)(request, writer)

    caller = await hooks.caller()
    host = receiver.host(script)
    await caller.resolve(fresh_link(), webhook_url=receiver.url(host))
    await hanging.wait()
    url = receiver.url(host)
    await caller.resolve(fresh_link(), webhook_url=url)
    await receiver.received(url)
    assert receiver.under_way[host]
    released.set()


async def test_delivery_ids_are_ordered(hooks: Service, receiver: Receiver) -> None:
    """A delivery's id is a UUID of version 7, so that ids follow the order of time."""
    caller = await hooks.caller()
    jobs = [(await caller.resolve(fresh_link(), wait=10, webhook_url=receiver.url())).body["job_id"] for _ in range(3)]
    ids = [(await delivery_of(hooks.pool, job)).id for job in jobs]
    assert ids == sorted(ids)
    assert {UUID(str(each)).version for each in ids} == {7}
