"""Exemptions for links are not exemptions for webhooks."""

from pathlib import Path

from support.deliveries import attempted
from support.receiver import answer, run_receiver
from support.service import Service, fresh_link, run_service

INTERNAL = "internal.example"
SECRET = b"a secret of an internal service"


async def deliver(service: Service, url: str) -> tuple[str | None, str | None, int | None]:
    """Send a webhook. Return the error, the excerpt and the status that the key's owner is shown."""
    caller = await service.caller()
    job_id = (await caller.resolve(fresh_link(), webhook_url=url)).body["job_id"]
    delivery, _ = await attempted(service.pool, job_id)
    shown = (await caller.get(f"/v1/webhooks/deliveries/{delivery.id}")).body["attempts"][0]
    return shown["error"], shown["response"], shown["status"]


async def test_a_webhook_reads_no_internal_service(database_url: str, tmp_path: Path) -> None:
    """A webhook to an internal host that links may reach is not sent, and nothing of the host is shown."""
    async with run_receiver(tmp_path, INTERNAL) as receiver:
        receiver.script = answer(200, body=SECRET)
        address = f"127.0.0.1:{receiver.port}"
        mapped = [f"{INTERNAL}:443={address}"]
        async with run_service(
            database_url, tmp_path, receiver=receiver, links_mapped=mapped, egress_allow=[address]
        ) as service:
            assert await deliver(service, f"https://{INTERNAL}/secret") == ("cannot be reached", None, None)
        assert receiver.requests == []


async def test_a_receiver_that_the_operator_opened(database_url: str, tmp_path: Path) -> None:
    """A receiver that is mapped for webhooks gets events. Its answer is not shown."""
    async with run_receiver(tmp_path) as receiver:
        receiver.script = answer(200, body=SECRET)
        async with run_service(database_url, tmp_path, receiver=receiver) as service:
            assert await deliver(service, receiver.url()) == (None, None, 200)
        assert len(receiver.requests) == 1
