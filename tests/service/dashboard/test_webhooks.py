"""The pages of webhooks: deliveries, their attempts, and sending again."""

from support.dashboard import make_user, visitor
from support.deliveries import queued
from support.hostile import HOSTILE
from support.service import Service

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
