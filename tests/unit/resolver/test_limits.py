"""The limits of a provider within one process: slots in the order of arrival, and requests with a distance in time."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest

from linkskipper.catalog import Catalog, Provider
from linkskipper.egress.har import Har, Replay
from linkskipper.egress.har.model import HarEntry, HarLog, HarRequest, HarResponse, NameValue
from linkskipper.resolver import InProcessLimiter, LinkResolver, PageReader, ProviderAtCapacity


def provider(**limits: float) -> Provider:
    fields = {"id": "exe", "label": "Exe", "hosts": ["exe.test"], "tier": "premium", "limits": limits}
    return Provider.model_validate(fields)


async def test_places_are_given_in_order() -> None:
    """No more links than allowed are inside. They enter in the order of their arrival."""
    exe, turns = provider(concurrency=2), InProcessLimiter()
    inside, order = set[int](), list[int]()

    async def visit(number: int) -> None:
        async with turns.slot(exe):
            inside.add(number)
            order.append(number)
            assert len(inside) <= 2
            await asyncio.sleep(0)
            inside.remove(number)

    await asyncio.gather(*(visit(number) for number in range(20)))
    assert order == list(range(20))


async def test_whoever_gives_up_waiting_costs_no_place() -> None:
    """A link that is cancelled while it waits leaves all slots as they were."""
    exe, turns = provider(concurrency=1), InProcessLimiter()
    async with turns.slot(exe):
        waiting = asyncio.create_task(turns.slot(exe).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
    async with asyncio.timeout(60), turns.slot(exe):
        pass


async def test_requests_are_apart() -> None:
    """Each request is reserved an interval after the one before. A request whose turn is too late reserves nothing."""
    now = 100.0
    exe, turns = provider(min_interval=10), InProcessLimiter(clock=lambda: now)
    assert [await turns.reserve(exe, 30) for _ in range(3)] == [0, 10, 20]
    assert await turns.reserve(exe, 29) is None
    assert await turns.reserve(exe, 30) == 30
    now = 500.0
    assert await turns.reserve(exe, 0) == 0


class NoTurns:
    """Has no slot for anybody, and counts who asks."""

    def __init__(self) -> None:
        self.asked = 0

    def slot(self, provider: Provider) -> AbstractAsyncContextManager[None]:
        self.asked += 1
        raise ProviderAtCapacity(provider)

    async def reserve(self, _provider: Provider, _within: float) -> float | None:
        self.asked += 1
        return None


def resolver(exe: Provider) -> LinkResolver:
    """Return a resolver for one link of a provider."""
    location = NameValue("Location", "https://example.com/")
    answer = HarEntry(HarRequest("https://exe.test/a"), HarResponse(302, headers=[location]))
    return LinkResolver(Catalog([exe]), Replay(Har(HarLog([answer]))), PageReader())


async def test_only_the_limited_are_asked_for() -> None:
    """A link of a provider without limits asks for no slot. A link of a full provider is handed back unchanged."""
    turns = NoTurns()
    resolution = await resolver(provider()).resolve("https://exe.test/a", limiter=turns)
    assert (resolution.target_url, turns.asked) == ("https://example.com/", 0)
    with pytest.raises(ProviderAtCapacity):
        await resolver(provider(concurrency=1)).resolve("https://exe.test/a", limiter=turns)


async def test_a_turn_that_comes_too_late() -> None:
    """A link ends as one that took too long if its next request would be after its deadline."""
    exe = provider(min_interval=20, timeout=30)
    turns = InProcessLimiter(clock=lambda: 0)
    for _ in range(2):
        await turns.reserve(exe, 30)
    resolution = await resolver(exe).resolve("https://exe.test/a", limiter=turns)
    assert (resolution.reason, resolution.target_url) == ("timeout", None)
