"""Test events: sent from the page of webhooks, signed and guarded as events of jobs are."""

import asyncio

from standardwebhooks.webhooks import Webhook

from linkskipper.accounts import create_key, load_keyring
from linkskipper.dashboard.limits import LIMITS
from linkskipper.people import Role
from linkskipper.webhooks import MAX_TESTS, DeliveryStatus, read_account_delivery, read_attempts
from support.dashboard import Visitor, make_user, visitor
from support.receiver import Receiver, answer, in_turn
from support.service import Caller, Service

PATH = "/dashboard/webhooks/test"


async def person_of(hooks: Service, caller: Caller, role: Role = Role.OWNER) -> Visitor:
    return await visitor(hooks, await make_user(hooks, f"tests {caller.account_id} {role}", caller.account_id, role))


async def ended_test(hooks: Service, caller: Caller, location: str) -> tuple[DeliveryStatus, int]:
    """Wait for the end of a test event. Return its status and the number of attempts."""
    delivery_id = await hooks.pool.fetchval(
        "SELECT id FROM webhook_deliveries WHERE id::text = $1", location.rpartition("/")[2]
    )
    async with asyncio.timeout(20):
        while True:
            delivery = await read_account_delivery(hooks.pool, caller.account_id, delivery_id, key_id=None)
            assert delivery is not None
            if delivery.status is not DeliveryStatus.PENDING:
                return delivery.status, len(await read_attempts(hooks.pool, delivery_id))
            await asyncio.sleep(0.02)


async def test_receiver_gets_a_signed_test_event(hooks: Service, receiver: Receiver) -> None:
    """The event is complete, signed, marked by a header, free, and in the log of the dashboard but not of the API."""
    caller = await hooks.caller(credits=5)
    made = await create_key(hooks.pool, load_keyring(hooks.settings), caller.account_id, name="signs")
    person, url = await person_of(hooks, caller), receiver.url()
    sent = await person.post(PATH, {"url": url, "key_id": str(made.id)})
    assert sent.status == 303, sent.visible_text
    (request,) = await receiver.received(url)
    Webhook(made.webhook_secret).verify(request.body, request.headers)
    assert request.headers["x-linkskipper-test"] == "true"
    event = request.event
    assert (event["event"], event["status"], event["credits_charged"], event["balance"]) == (
        "resolve.done",
        "done",
        0,
        5,
    )
    assert await ended_test(hooks, caller, sent.headers["location"]) == (DeliveryStatus.DELIVERED, 1)
    page = await person.get(sent.headers["location"])
    assert "a test about an invented link" in page.visible_text
    assert "/dashboard/links/" not in page.text
    assert sent.headers["location"] in (await person.get(f"/dashboard/webhooks?key={made.id}")).text
    assert sent.headers["location"] not in (await person.get(f"/dashboard/webhooks?key={caller.key_id}")).text
    delivery_id = sent.headers["location"].rpartition("/")[2]
    other = Caller(hooks.session, caller.account_id, made.id, made.key)
    assert (await other.get("/v1/webhooks/deliveries")).body["deliveries"] == []
    assert (await other.get(f"/v1/webhooks/deliveries/{delivery_id}")).status == 404
    audited = "SELECT account_id FROM audit_log WHERE action = 'delivery.test' AND subject LIKE $1"
    assert await hooks.pool.fetchval(audited, f"delivery {delivery_id}%") == caller.account_id


async def test_failed_test_event_is_not_repeated(hooks: Service, receiver: Receiver) -> None:
    """A receiver that fails is asked once, also if its host is paused. Sent again by hand, it is asked once more."""
    caller = await hooks.caller()
    person, url = (
        await person_of(hooks, caller),
        receiver.url(receiver.host(in_turn([answer(500), answer(500), answer(200)]))),
    )
    form = {"url": url, "key_id": str(caller.key_id)}
    location = (await person.post(PATH, form)).headers["location"]
    assert await ended_test(hooks, caller, location) == (DeliveryStatus.FAILED, 1)
    assert "did not accept the test event" in (await person.get(location)).visible_text
    await hooks.pool.execute(
        "UPDATE webhook_hosts SET failures = 9, failing_since = now(), paused_at = now() WHERE host ="
        " (SELECT host FROM webhook_deliveries WHERE url = $1 LIMIT 1)",
        url,
    )
    second = (await person.post(PATH, form)).headers["location"]
    assert await ended_test(hooks, caller, second) == (DeliveryStatus.FAILED, 1)
    assert (await person.post(f"{location}/send-again")).status == 303
    assert await ended_test(hooks, caller, location) == (DeliveryStatus.DELIVERED, 2)


async def test_what_cannot_be_sent(hooks: Service, receiver: Receiver) -> None:
    """Addresses that a job may not name, and keys of others or revoked ones, are refused, and the form is kept."""
    caller, stranger = await hooks.caller(), await hooks.caller()
    person = await person_of(hooks, caller)
    for url in (
        *("", "x", "http://hook.example/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/"),
        *("https://localhost/", "https://a.internal/", "javascript:alert(1)", f"https://a.example/{'a' * LIMITS.url}"),
    ):
        refused = await person.post(PATH, {"url": url, "key_id": str(caller.key_id)})
        assert refused.status == 422, url
    assert "a.example" in refused.text
    for key in ("", "x", "0", str(stranger.key_id)):
        assert (await person.post(PATH, {"url": receiver.url(), "key_id": key})).status == 422
    viewer = await person_of(hooks, caller, Role.VIEWER)
    assert (await viewer.post(PATH, {"url": receiver.url(), "key_id": str(caller.key_id)})).status == 403
    assert "Send a test event" not in (await viewer.get("/dashboard/webhooks")).visible_text
    statement = "SELECT count(*) FROM webhook_deliveries WHERE key_id = $1"
    assert await hooks.pool.fetchval(statement, caller.key_id) == 0


async def test_number_of_test_events(hooks: Service, receiver: Receiver) -> None:
    """An account sends MAX_TESTS in an hour with all its keys. The next one is refused, and nothing is sent."""
    caller = await hooks.caller()
    other = await hooks.caller(account_id=caller.account_id)
    person, url = await person_of(hooks, caller), receiver.url()
    for number in range(MAX_TESTS):
        key = caller if number % 2 else other
        sent = await person.post(PATH, {"url": url, "key_id": str(key.key_id)})
        assert sent.status == 303
    location = sent.headers["location"]
    refused = await person.post(PATH, {"url": url, "key_id": str(caller.key_id)})
    assert (refused.status, f"{MAX_TESTS} test events in 60 min" in refused.visible_text) == (429, True)
    assert (await person.post(f"{location}/send-again")).status == 429
    stranger = await hooks.caller()
    theirs = await (await person_of(hooks, stranger)).post(PATH, {"url": url, "key_id": str(stranger.key_id)})
    assert theirs.status == 303


async def attempted_often(hooks: Service, caller: Caller, person: Visitor, url: str, times: int) -> str:
    """Send a test event. Return its address once it has that number of attempts, and others of long ago."""
    location: str = (await person.post(PATH, {"url": url, "key_id": str(caller.key_id)})).headers["location"]
    await ended_test(hooks, caller, location)
    await hooks.pool.execute(
        "INSERT INTO webhook_attempts (delivery_id, number, started_at, milliseconds)"
        " SELECT id, 100 * step + number, now() - step * interval '59 minutes', 1 FROM webhook_deliveries,"
        " generate_series(1, 2) AS step, generate_series(1, $2) AS number WHERE id::text = $1",
        location.rpartition("/")[2],
        times - 1,
    )
    return location


async def test_sending_again_counts(hooks: Service, receiver: Receiver) -> None:
    """A test event that is sent again counts as a new one does. Attempts of more than an hour ago do not."""
    caller = await hooks.caller()
    person, url = await person_of(hooks, caller), receiver.url()
    location = await attempted_often(hooks, caller, person, url, MAX_TESTS - 1)
    assert (await person.post(f"{location}/send-again")).status == 303
    await ended_test(hooks, caller, location)
    refused = await person.post(f"{location}/send-again")
    assert (refused.status, f"{MAX_TESTS} test events in 60 min" in refused.visible_text) == (429, True)
    assert (await person.post(PATH, {"url": url, "key_id": str(caller.key_id)})).status == 429
    audited = "SELECT count(*) FROM audit_log WHERE action = 'delivery.send-again' AND account_id = $1"
    assert await hooks.pool.fetchval(audited, caller.account_id) == 1


async def test_many_test_events_at_once(hooks: Service, receiver: Receiver) -> None:
    """Requests at the same time do not exceed the number together."""
    caller = await hooks.caller()
    person, url = await person_of(hooks, caller), receiver.url()
    await attempted_often(hooks, caller, person, url, MAX_TESTS - 1)
    form = {"url": url, "key_id": str(caller.key_id)}
    answers = await asyncio.gather(*(person.post(PATH, form) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [303] + [429] * 7
