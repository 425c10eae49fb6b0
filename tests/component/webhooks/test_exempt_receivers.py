"""Public and exempt receivers: which client reaches them, and whether their answers may be shown."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from linkskipper.egress import Client, Policy
from linkskipper.webhooks import AttemptResult, ExemptReceivers, PendingDelivery, Receivers, WebhookClient
from support.arena import Arena
from support.connections import connections
from support.receiver import Received, Receiver, Script, answer, run_receiver

LOOPBACK = "127.0.0.1"


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    async with run_receiver(tmp_path) as running:
        yield running


def policy(receiver: Receiver, *, mapped: bool = True) -> Policy:
    """A policy that maps the names of the receiver."""
    host_map = receiver.host_map if mapped else []
    return Policy.parse(ports=["443"], allow=[], host_map=host_map, extra_ca=receiver.ca_file)


async def attempt(receivers: Receivers, url: str) -> AttemptResult:
    delivery = PendingDelivery(uuid4(), 1, uuid4(), url, "hook.example", "{}", 0, 0, 0, ("whsec_" + "A" * 32,))
    return await WebhookClient(receivers).attempt(delivery)


async def flood(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000)
    await writer.drain()


async def drip(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    while not writer.is_closing():
        writer.write(b".")
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("script", "begins", "length"),
    [
        (answer(500, body=b"broken\x00\x1b[31m"), "broken[31m", 10),
        (answer(204), "", 0),
        (flood, "xxx", 2048),
        (drip, ".", None),
    ],
    ids=["text", "empty", "5 MB", "drips"],
)
async def test_excerpt_of_a_public_receiver(
    receiver: Receiver, script: Script, begins: str, length: int | None
) -> None:
    """The beginning of the body is kept, at most 2 KiB and without control characters."""
    receiver.script = script
    async with Client(policy(receiver), user_agent="Test/1") as client:
        result = await attempt(Receivers(client), receiver.url())
    assert result.response is not None
    assert result.response.startswith(begins)
    assert length is None or len(result.response) == length


async def test_no_excerpt_of_an_exempt_receiver(receiver: Receiver) -> None:
    """An exempt receiver gets the event. Its answer is not kept."""
    receiver.script = answer(200, body=b"internal")
    exempt = policy(receiver)
    async with (
        Client(policy(receiver, mapped=False), user_agent="Test/1") as public,
        Client(exempt, user_agent="Test/1") as client,
    ):
        result = await attempt(Receivers(public, ExemptReceivers(client, exempt)), receiver.url())
    assert (result.status, result.error, result.response) == (200, None, None)
    assert len(receiver.requests) == 1


async def test_a_name_that_resolves_to_an_exempt_address(arena: Arena) -> None:
    """Such a name is reached only with an exemption for webhooks."""
    name = arena.new_name()
    arena.dns.set(name, [LOOPBACK])
    exempt = Policy.parse(ports=["443"], allow=[LOOPBACK], host_map=[], extra_ca=None)
    async with arena.other_client(allow=[LOOPBACK]) as client:
        for receivers, contacted in (
            (Receivers(arena.client), []),
            (Receivers(arena.client, ExemptReceivers(client, exempt)), [(LOOPBACK, 443)]),
        ):
            with connections() as seen:
                result = await attempt(receivers, f"https://{name}/hook")
            assert (result.error, result.response) == ("cannot be reached", None)
            assert [address for address in seen if address[1] == 443] == contacted
