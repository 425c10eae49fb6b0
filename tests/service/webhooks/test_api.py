"""Deliveries in the API, as key owners see them."""

from datetime import datetime
from uuid import uuid4

from support.deliveries import attempted, ended, set_excerpt
from support.receiver import Receiver, answer, in_turn
from support.service import Service, fresh_link

ROOT = "/v1/webhooks/deliveries"


async def test_a_delivery_is_shown_with_its_attempts(hooks: Service, receiver: Receiver) -> None:
    """A delivery is shown with its status, its event, and each attempt with status, duration, error and excerpt."""
    caller = await hooks.caller()
    answers = [answer(500), answer(200)]
    url = receiver.url(receiver.host(in_turn(answers)))
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    delivery, _ = await ended(hooks.pool, job_id)
    await set_excerpt(hooks.pool, delivery.id, 1, "broken")
    shown = (await caller.get(f"{ROOT}/{delivery.id}")).body
    assert shown["delivery"] == {
        **shown["delivery"],
        "id": str(delivery.id),
        "job_id": job_id,
        "event": "resolve.done",
        "url": url,
        "status": "delivered",
        "attempts": 2,
        "next_attempt_at": None,
        "paused": False,
    }
    assert shown["payload"] == receiver.at(url)[0].event
    assert [(each["number"], each["status"], each["error"], each["response"]) for each in shown["attempts"]] == [
        (1, 500, "answered 500", "broken"),
        (2, 200, None, None),
    ]
    assert all(each["milliseconds"] > 0 and datetime.fromisoformat(each["started_at"]) for each in shown["attempts"])


async def test_pages_and_statuses(hooks: Service, receiver: Receiver) -> None:
    """Deliveries are listed in pages, the newest first. A status filters them."""
    caller = await hooks.caller()
    refusing = receiver.host(answer(410))
    jobs = []
    for number in range(5):
        url = receiver.url(refusing) if number % 2 else receiver.url()
        job_id = (await caller.resolve(fresh_link(), wait=10, webhook_url=url)).body["job_id"]
        await attempted(hooks.pool, job_id)
        jobs.append(job_id)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await caller.get(ROOT, params={"limit": "2", **cursor})).body
        seen += [each["job_id"] for each in page["deliveries"]]
        if page["next"] is None:
            break
        cursor = {"before": page["next"]}
    assert seen == jobs[::-1]
    for status, expected in (("failed", jobs[3::-2]), ("delivered", jobs[::-2]), ("pending", [])):
        page = (await caller.get(ROOT, params={"status": status})).body
        assert [each["job_id"] for each in page["deliveries"]] == expected
    for wrong in ({"status": "lost"}, {"limit": "0"}, {"limit": "101"}, {"before": "x"}, {"before": f"{uuid4()}\n"}):
        assert (await caller.get(ROOT, params=wrong)).body["code"] == "invalid_request"


async def test_anothers_delivery_is_not_found(hooks: Service, receiver: Receiver) -> None:
    """Unknown and malformed ids and deliveries of another key get the same 404, and are not sent."""
    owner = await hooks.caller()
    other = await hooks.caller(account_id=owner.account_id)
    url = receiver.url()
    job_id = (await owner.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    delivery, _ = await ended(hooks.pool, job_id)
    for unknown in (delivery.id, uuid4(), "x"):
        for method, path in (("GET", f"{ROOT}/{unknown}"), ("POST", f"{ROOT}/{unknown}/redeliver")):
            answered = await other.call(method, path)
            assert (answered.status, answered.body["code"]) == (404, "not_found")
    assert (await other.get(ROOT)).body == {"deliveries": [], "next": None}
    assert len(receiver.at(url)) == 1


async def test_redelivery_of_a_delivered_event(hooks: Service, receiver: Receiver) -> None:
    """A delivered event is sent again on request, with the same id and body. The attempt is recorded."""
    owner = await hooks.caller()
    url = receiver.url()
    job_id = (await owner.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    delivery, _ = await ended(hooks.pool, job_id)
    again = await owner.call("POST", f"{ROOT}/{delivery.id}/redeliver")
    assert (again.status, again.body["id"], again.body["status"]) == (202, str(delivery.id), "pending")
    first, second = await receiver.received(url, 2)
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert len((await attempted(hooks.pool, job_id, 2))[1]) == 2


async def test_redelivery_of_a_failed_event(hooks: Service, receiver: Receiver) -> None:
    """A failed delivery is sent again on request, and its schedule starts again."""
    caller = await hooks.caller()
    answers = [answer(410), answer(500), answer(200)]
    url = receiver.url(receiver.host(in_turn(answers)))
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    delivery, _ = await attempted(hooks.pool, job_id)
    assert (await caller.call("POST", f"{ROOT}/{delivery.id}/redeliver")).status == 202
    delivery, attempts = await ended(hooks.pool, job_id)
    assert [each.status for each in attempts] == [410, 500, 200]


async def test_calls_count_like_others(hooks: Service) -> None:
    """These calls count for the key's limit per minute and have its headers."""
    caller = await hooks.caller(rate_limit=2)
    answers = [await caller.get(ROOT) for _ in range(3)]
    assert [each.status for each in answers] == [200, 200, 429]
    assert "ratelimit" in answers[0].headers
