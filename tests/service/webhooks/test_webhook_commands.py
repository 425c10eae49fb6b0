"""The commands linkskipper webhooks … and keys roll-webhook-secret."""

import asyncio
import hmac
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from support.deliveries import attempted, delivery_of, ended, set_excerpt
from support.receiver import Receiver, answer, in_turn
from support.service import Service, fresh_link

COMMAND = str(Path(sys.executable).with_name("linkskipper"))


async def run(service: Service, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, *arguments),
        env={
            **os.environ,
            "LINKSKIPPER_DATABASE_URL": service.settings.database_url or "",
            "LINKSKIPPER_DATA_DIR": str(service.settings.data_dir),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def shown(service: Service, *arguments: str) -> Any:
    code, out, err = await run(service, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


async def test_list_and_show(hooks: Service, receiver: Receiver) -> None:
    """`list` has a line for each delivery of a key and a status. `show` prints one delivery with its attempts."""
    caller = await hooks.caller()
    url = receiver.url(receiver.host(answer(410)))
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    delivery, _ = await attempted(hooks.pool, job_id)
    await set_excerpt(hooks.pool, delivery.id, 1, "leave\nme alone")
    key = str(caller.key_id)
    (listed,) = await shown(hooks, "webhooks", "list", "--key", key, "--status", "failed")
    assert (listed["id"], listed["url"], listed["status"], listed["attempts"]) == (str(delivery.id), url, "failed", 1)
    assert await shown(hooks, "webhooks", "list", "--key", key, "--status", "pending") == []
    _, table, _ = await run(hooks, "webhooks", "list", "--key", key)
    assert url in table.splitlines()[1]
    detail = await shown(hooks, "webhooks", "show", str(delivery.id))
    assert detail["payload"] == receiver.at(url)[0].event
    assert [(each["status"], each["response"]) for each in detail["attempts"]] == [(410, "leave\nme alone")]
    _, text, _ = await run(hooks, "webhooks", "show", str(delivery.id))
    assert "leave\\nme alone" in text


async def test_redeliver_one_and_all_since(hooks: Service, receiver: Receiver) -> None:
    """An id redelivers one delivery in any state. `--since` redelivers what is not delivered since then."""
    caller = await hooks.caller()
    host = receiver.host(in_turn([answer(status) for status in (410, 410, 200, 200, 200)]))
    jobs = []
    for _ in range(2):
        jobs.append((await caller.resolve(fresh_link(), webhook_url=receiver.url(host))).body["job_id"])
        await attempted(hooks.pool, jobs[-1])
    key = str(caller.key_id)
    in_a_minute = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert await shown(hooks, "webhooks", "redeliver", "--since", in_a_minute, "--key", key) == {"deliveries": 0}
    assert await shown(hooks, "webhooks", "redeliver", "--since", "1h", "--key", key) == {"deliveries": 2}
    for job in jobs:
        await ended(hooks.pool, job)
    assert await shown(hooks, "webhooks", "redeliver", "--since", "1h", "--key", key) == {"deliveries": 0}
    delivery = await delivery_of(hooks.pool, jobs[0])
    code, out, _ = await run(hooks, "webhooks", "redeliver", str(delivery.id))
    assert (code, out) == (0, "1 delivery will be sent again.\n")
    statement = (
        "SELECT action, subject FROM audit_log WHERE subject = $1 OR subject LIKE '2 events since %' ORDER BY id"
    )
    audited = [row["action"] for row in await hooks.pool.fetch(statement, f"delivery {delivery.id}")]
    assert audited == ["delivery.send-again-since", "delivery.send-again"]
    await attempted(hooks.pool, jobs[0], 3)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("redeliver",), 2),
        (("redeliver", "--since", "yesterday"), 2),
        (("redeliver", "01a21241-b34b-766c-97a7-3df38e5b9598", "--since", "1h"), 2),
        (("redeliver", "01a21241-b34b-766c-97a7-3df38e5b9598"), 1),
        (("show", "01a21241-b34b-766c-97a7-3df38e5b9598"), 1),
        (("show", "x"), 2),
        (("list", "--status", "lost"), 2),
    ],
)
async def test_wrong_use(hooks: Service, arguments: tuple[str, ...], code: int) -> None:
    """Wrong usage exits with 2. An unknown delivery exits with 1 and one line."""
    exit_code, out, err = await run(hooks, "webhooks", *arguments)
    assert (exit_code, out) == (code, "")
    assert "Traceback" not in err


async def test_a_rolled_secret(hooks: Service, receiver: Receiver) -> None:
    """In the grace time both secrets sign, the new one first. After it, or without one, only the new secret signs."""
    account = (await hooks.caller()).account_id
    made = await shown(hooks, "keys", "create", "--account", str(account), "--rate-limit", "1000")
    old = Webhook(made["webhook_secret"])

    async def told() -> tuple[bytes, dict[str, str]]:
        url = receiver.url()
        headers = {"Authorization": f"Bearer {made['key']}"}
        body = {"url": fresh_link(), "webhook_url": url}
        async with hooks.session.post("/v1/resolve", json=body, headers=headers) as response:
            assert response.status == 202
        (request,) = await receiver.received(url)
        return request.body, request.headers

    first = await shown(hooks, "keys", "roll-webhook-secret", str(made["id"]), "--grace", "1")
    body, headers = await told()
    assert old.verify(body, headers) == Webhook(first["webhook_secret"]).verify(body, headers)
    at, *signatures = headers["x-linkskipper-signature"].split(",")
    assert signatures == [
        "v1=" + hmac.new(secret.encode(), at.removeprefix("t=").encode() + b"." + body, sha256).hexdigest()
        for secret in (first["webhook_secret"], made["webhook_secret"])
    ]
    second = await shown(hooks, "keys", "roll-webhook-secret", str(made["id"]), "--grace", "0")
    body, headers = await told()
    Webhook(second["webhook_secret"]).verify(body, headers)
    for stale in (old, Webhook(first["webhook_secret"])):
        with pytest.raises(WebhookVerificationError):
            stale.verify(body, headers)
    stored = await hooks.pool.fetchrow("SELECT * FROM api_keys WHERE id = $1", made["id"])
    assert all(each["webhook_secret"] not in str(dict(stored or {})) for each in (made, first, second))
    code, _, err = await run(hooks, "keys", "roll-webhook-secret", "999999")
    assert (code, err.count("\n")) == (1, 1)
