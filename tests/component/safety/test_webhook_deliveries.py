"""Deliveries of webhooks are refused the same addresses (docs/explanation/egress-guard.md, "Rules")."""

from uuid import uuid4

import pytest

from linkskipper.webhooks import PendingDelivery, Receivers, WebhookClient
from support.arena import Arena
from support.connections import connections
from support.safety_table import DENIED_V4, DENIED_V6, LITERALS, LOCAL_NAMES, LOOPBACK, NAMES

HOSTS = (*LITERALS, *LOOPBACK, *LOCAL_NAMES)


def due(url: str) -> PendingDelivery:
    """Return a delivery to this URL."""
    return PendingDelivery(
        id=uuid4(),
        key_id=1,
        job_id=uuid4(),
        url=url,
        host="hooks.example.com",
        body="{}",
        attempts=0,
        failures=0,
        schedule_step=0,
        secrets=("whsec_" + "A" * 32,),
    )


async def told(arena: Arena, url: str) -> tuple[str | None, list[object]]:
    """Return what the owner of a key learns about an attempt, and what the attempt contacted."""
    with connections() as seen:
        outcome = await WebhookClient(Receivers(arena.client)).attempt(due(url))
    return outcome.error, list(seen)


@pytest.mark.parametrize("host", HOSTS)
async def test_literal_hosts(arena: Arena, host: str) -> None:
    """A URL that should never have been accepted gets no delivery."""
    assert await told(arena, f"https://{host}/hook") == ("cannot be reached", [])


@pytest.mark.parametrize(
    ("answers", "kind"),
    [*NAMES, *(((address,), "A") for address in DENIED_V4), *(((address,), "AAAA") for address in DENIED_V6)],
)
async def test_names_that_lead_there_by_then(arena: Arena, answers: tuple[str, ...], kind: str) -> None:
    """A public name that leads to a private address at the time of the event is refused, and looks unreachable."""
    name = arena.new_name()
    arena.dns.set(name, answers, kind=kind)
    assert await told(arena, f"https://{name}/hook") == ("cannot be reached", [])
    assert (name, kind) in arena.dns.asked


async def test_refused_and_unreachable_look_alike(arena: Arena) -> None:
    """A client cannot tell whether its webhook's name leads to a private address or to no address."""
    inside, nowhere = arena.new_name(), arena.new_name()
    arena.dns.set(inside, ["10.0.0.1"])
    ends = [await told(arena, f"https://{name}/hook") for name in (inside, nowhere)]
    assert ends[0] == ends[1]
