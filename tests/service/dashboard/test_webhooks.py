"""The pages of webhooks: deliveries, their attempts, and sending again."""

import re
from html import unescape

import pytest

from linkskipper.accounts import WebhookSecrets, load_keyring
from linkskipper.dashboard.pages import webhooks
from linkskipper.database.ids import new_id
from linkskipper.people import Role
from linkskipper.webhooks import request_headers
from linkskipper.webhooks.deliveries import HOST_LOOKS_AT
from support.dashboard import Visitor, make_user, visitor
from support.deliveries import queued
from support.hostile import HOSTILE
from support.service import Caller, Service

URL = "https://hook.example/receive"


async def test_deliveries(service: Service) -> None:
    """A delivery is listed with its state, shows what was sent and answered as text, and can be sent again."""
    caller, stranger = await service.caller(), await service.caller()
    delivery_id = await queued(service.pool, caller.key_id, URL)
    for number, text in enumerate(HOSTILE, 1):
        await service.pool.execute(
            "INSERT INTO webhook_attempts (delivery_id, number, started_at, milliseconds, status, error, response)"
            " VALUES ($1, $2, now(), 5, 500, $3, $3)",
            *(delivery_id, number + 100, text),
        )
    await service.pool.execute(
        "UPDATE webhook_deliveries SET status = 'failed', next_attempt_at = NULL, ended_at = now() WHERE id = $1",
        delivery_id,
    )
    path = f"/dashboard/webhooks/{delivery_id}"
    person = await visitor(service, await make_user(service, f"hooks {caller.account_id}", caller.account_id))
    assert path in (await person.get("/dashboard/webhooks?status=failed")).text
    assert path not in (await person.get("/dashboard/webhooks?status=delivered")).text
    assert (await person.get("/dashboard/webhooks?status=lost")).status == 400
    page = await person.get(path)
    assert "All attempts of the schedule failed" in page.visible_text
    for attack in ("<script>alert", "<img src=x", "\u202e", "<div hx-get"):
        assert attack not in page.text
    other = await visitor(service, await make_user(service, f"hooks {stranger.account_id}", stranger.account_id))
    assert (await other.get(path)).status == 404
    assert (await other.post(f"{path}/send-again")).status == 404
    assert path not in (await other.get("/dashboard/webhooks")).text
    statement = "SELECT status FROM webhook_deliveries WHERE id = $1"
    assert await service.pool.fetchval(statement, delivery_id) == "failed"
    sent = await person.post(f"{path}/send-again")
    assert sent.headers["location"] == f"{path}?done=sent-again"
    assert await service.pool.fetchval(statement, delivery_id) in {"pending", "delivered", "failed"}
    audited = "SELECT count(*) FROM audit_log WHERE action = 'delivery.send-again' AND subject = $1"
    assert await service.pool.fetchval(audited, f"delivery {delivery_id}") == 1
    assert (await person.get("/dashboard/webhooks/x")).status == 404


async def owner(service: Service, caller: Caller) -> Visitor:
    """Return the owner of an account, who has signed in."""
    return await visitor(service, await make_user(service, f"verify {new_id()}", caller.account_id))


async def sent(service: Service, caller: Caller) -> tuple[str, str]:
    """Return the body and the headers of a new delivery, as its receiver gets them."""
    delivery_id = await queued(service.pool, caller.key_id, URL)
    row = await service.pool.fetchrow("SELECT body, now() FROM webhook_deliveries WHERE id = $1", delivery_id)
    assert row is not None
    secrets = (await WebhookSecrets(service.pool, load_keyring(service.settings)).read([caller.key_id]))[caller.key_id]
    headers = request_headers(delivery_id, row["body"].encode(), secrets, row["now"])
    return row["body"], "\r\n".join(f"{name}: {value}" for name, value in headers.items())


async def verified(person: Visitor, body: str, headers: str) -> str:
    """Return what the page says about a request."""
    answer = await person.post("/dashboard/webhooks/verify", {"body": body, "headers": headers})
    assert answer.status == 200
    return answer.visible_text


async def test_signatures_hold(service: Service) -> None:
    """The signatures of a sent event hold by both headers, and by each alone, for the account whose key signed it."""
    caller, stranger = await service.caller(), await service.caller()
    body, headers = await sent(service, caller)
    person = await owner(service, caller)
    assert (await verified(person, body, headers)).count(" holds. The key") == 2
    lines = headers.splitlines()
    own = next(line for line in lines if line.startswith("X-LinkSkipper-Signature"))
    assert "X-LinkSkipper-Signature holds." in await verified(person, body, own)
    assert "webhook-signature holds." in await verified(person, body, "\n".join({*lines} - {own}))
    other = await verified(await owner(service, stranger), body, headers)
    assert (other.count("does not hold"), "The delivery with this id" in other) == (2, False)


async def test_signature_of_an_old_key(service: Service) -> None:
    """The key of the delivery is tried, however many newer keys the account has. Without an id, the newest are."""
    caller = await service.caller()
    body, headers = await sent(service, caller)
    await service.pool.execute(
        "INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)"
        " SELECT $1, 'k', sha256(number::text::bytea), 'p', 'f', webhook_secret, '{}', 1"
        " FROM generate_series(1, 600) AS number, api_keys WHERE id = $2",
        *(caller.account_id, caller.key_id),
    )
    person = await owner(service, caller)
    newer = "The key k …f signed it"
    found = await verified(person, body, headers)
    assert (found.count(" holds. The key"), newer in found) == (2, False)
    own = next(line for line in headers.splitlines() if line.startswith("X-LinkSkipper-Signature"))
    assert newer in await verified(person, body, own)


async def test_signatures_that_do_not_hold(service: Service) -> None:
    """The page says why: white space, another body, another time, or headers that are missing."""
    caller = await service.caller()
    body, headers = await sent(service, caller)
    person = await owner(service, caller)
    assert "White space was added" in await verified(person, f"{body}\n", headers)
    changed = await verified(person, body.replace(":", ": "), headers)
    assert (changed.count("not the one that was sent"), "The delivery with this id" in changed) == (2, True)
    later = re.sub(r"(t=|timestamp: )(\d+)", lambda match: f"{match[1]}{int(match[2]) + 1}", headers)
    assert (await verified(person, body, later)).count("the headers were changed") == 2
    for missing in ("", "X-LinkSkipper-Signature: t=1", "webhook-id: 1\nwebhook-signature: v1,x", f"t={'9' * 12},v1=x"):
        answer = await person.post("/dashboard/webhooks/verify", {"body": body, "headers": missing})
        assert (answer.status, "Paste X-LinkSkipper-Signature" in answer.visible_text) == (422, True)
    assert (await person.post("/dashboard/webhooks/verify", {"headers": headers})).status == 422


async def test_headers_of_a_delivery(service: Service) -> None:
    """A delivery shows the headers of its newest attempt, which the verifier accepts. Viewers do not see them."""
    caller = await service.caller()
    delivery_id = await queued(service.pool, caller.key_id, URL)
    await service.pool.execute(
        "INSERT INTO webhook_attempts (delivery_id, number, started_at, milliseconds) VALUES ($1, 101, now(), 5)",
        delivery_id,
    )
    person = await owner(service, caller)
    page = (await person.get(f"/dashboard/webhooks/{delivery_id}")).text
    shown = {name: unescape(text) for name, text in re.findall(r'<textarea id="(\w+)"[^>]*>([^<]*)</textarea>', page)}
    assert (await verified(person, shown["body"], shown["headers"])).count(" holds. The key") == 2
    viewer = await visitor(service, await make_user(service, f"view {new_id()}", caller.account_id, Role.VIEWER))
    assert "X-LinkSkipper-Signature" not in (await viewer.get(f"/dashboard/webhooks/{delivery_id}")).text


async def test_deliveries_of_a_host(service: Service) -> None:
    """The list shows the deliveries to one host."""
    caller = await service.caller()
    here = await queued(service.pool, caller.key_id, URL)
    there = await queued(service.pool, caller.key_id, "https://other.example/")
    page = (await (await owner(service, caller)).get("/dashboard/webhooks?host=Hook.example")).text
    assert (f"/webhooks/{here}" in page, f"/webhooks/{there}" in page) == (True, False)


async def test_old_deliveries_of_a_host(service: Service) -> None:
    """A page looks at a bounded number of deliveries of all keys. It says so, and the next page goes on from there."""
    caller = await service.caller()
    other = await service.caller(account_id=caller.account_id)
    old = [await queued(service.pool, key.key_id, "https://old.example/") for key in (caller, other)]
    await service.pool.execute(
        "INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body, status, next_attempt_at, ended_at)"
        " SELECT uuidv7(), (ARRAY[$1, $2]::bigint[])[1 + (number > $3)::int], gen_random_uuid(), $4, 'hook.example',"
        " 'resolve.done', '{}', 'delivered', NULL, now() FROM generate_series(1, $3 + 100) AS number",
        *(caller.key_id, other.key_id, HOST_LOOKS_AT, URL),
    )
    person, path = await owner(service, caller), "/dashboard/webhooks?host=old.example"
    for query in (path, f"{path}&key={caller.key_id}"):
        first = await person.get(query)
        assert "No event matches among those that were looked at" in first.visible_text
        assert f"looks at {HOST_LOOKS_AT:_} events. There are older ones" in first.visible_text.replace(" 000", "_000")
        link = re.search('href="([^"]+)" rel="next">Look further back', first.text)
        assert link is not None
        second = (await person.get(unescape(link[1]))).text
        found = [f"/webhooks/{delivery_id}" in second for delivery_id in old]
        assert (found, 'rel="next"' in second) == ([True, query == path], False)
    pending = (await person.get(f"{path}&status=pending")).text
    assert all(f"/webhooks/{delivery_id}" in pending for delivery_id in old)


async def test_send_all_again(service: Service) -> None:
    """The events of the last hours that were not delivered are sent again, of the own account alone."""
    caller, stranger = await service.caller(), await service.caller()
    failed, delivered, foreign = [
        await queued(service.pool, key_id, URL) for key_id in (caller.key_id, caller.key_id, stranger.key_id)
    ]
    end = "UPDATE webhook_deliveries SET status = $2, next_attempt_at = NULL, ended_at = now() WHERE id = $1"
    for delivery_id, status in ((failed, "failed"), (delivered, "delivered"), (foreign, "failed")):
        await service.pool.execute(end, delivery_id, status)
    person = await owner(service, caller)
    for wrong in ("0", "721", "x", ""):
        assert (await person.post("/dashboard/webhooks/send-again", {"hours": wrong})).status == 422
    answer = await person.post("/dashboard/webhooks/send-again", {"hours": "720"})
    assert answer.headers["location"] == "/dashboard/webhooks?done=sent-again-since"
    audited = "SELECT subject FROM audit_log WHERE action = 'delivery.send-again-since' AND account_id = $1"
    assert await service.pool.fetchval(audited, caller.account_id) == "1 events of 720 h"
    ended = "SELECT array_agg(id) FROM webhook_deliveries WHERE id = ANY($1) AND ended_at IS NOT NULL"
    assert set(await service.pool.fetchval(ended, [failed, delivered, foreign])) == {delivered, foreign}


async def test_send_all_again_that_breaks_off(service: Service) -> None:
    """The audit log has no line about what the database did not do."""
    caller = await service.caller()
    await queued(service.pool, caller.key_id, URL)
    person = await owner(service, caller)
    async with service.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE webhook_hosts IN ACCESS EXCLUSIVE MODE")
        assert (await person.post("/dashboard/webhooks/send-again", {"hours": "1"})).status == 503
    assert await subjects(service, caller) == []


async def subjects(service: Service, caller: Caller) -> list[str]:
    """Return what the audit log says about the events of an account that were sent again."""
    statement = (
        "SELECT subject FROM audit_log WHERE action = 'delivery.send-again-since' AND account_id = $1 ORDER BY id"
    )
    return [row["subject"] for row in await service.pool.fetch(statement, caller.account_id)]


async def test_more_events_than_a_page_can_send(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page sends a part, says what is left, and goes on from there. The audit log has what each part did."""
    monkeypatch.setattr(webhooks, "SEND_SECONDS", 0)
    monkeypatch.setattr(webhooks, "REDELIVERY_PART", 3)
    caller = await service.caller()
    await service.pool.execute("INSERT INTO webhook_hosts VALUES ('hook.example') ON CONFLICT DO NOTHING")
    await service.pool.execute(
        "INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body, status, next_attempt_at, ended_at)"
        " SELECT uuidv7(), $1, gen_random_uuid(), $2, 'hook.example', 'resolve.done', '{}', 'failed', NULL, now()"
        " FROM generate_series(1, $3::integer)",
        *(caller.key_id, URL, 7),
    )
    person = await owner(service, caller)
    page = await person.post("/dashboard/webhooks/send-again", {"hours": "1"})
    for left in (4, 1):
        text = page.visible_text
        assert (page.status, f"3 events are being sent again. Left: {left}." in text) == (200, True), text
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        page = await person.post("/dashboard/webhooks/send-again", form)
    assert page.headers["location"] == "/dashboard/webhooks?done=sent-again-since"
    assert await subjects(service, caller) == [f"{number} events of 1 h" for number in (3, 3, 1)]
    for wrong in (
        {"since": "x"},
        {"since": "00000000-0000-0000-0000-000000000000"},
        {"key_id": "-1"},
        {"key_id": str(2**63)},
        {"delivery_id": ""},
    ):
        assert (await person.post("/dashboard/webhooks/send-again", form | wrong)).status == 400
