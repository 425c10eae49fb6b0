"""How `linkskipper resolve` hands out many links."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from linkskipper.cli import resolve_feed
from linkskipper.cli.resolve_feed import FairQueue, LinkFeed, NumberedLink
from linkskipper.cli.resolve_resume import ResumedLinks


def link(number: int, host: str) -> NumberedLink:
    return NumberedLink(number, f"https://{host}/{number}")


def test_a_slow_host_gets_no_more_than_its_share() -> None:
    """A host whose links do not end has no more links in progress than any other host that waits."""
    queue = FairQueue()
    for number in range(100):
        queue.put(link(number, "slow"))
    for number in range(100, 200):
        queue.put(link(number, "fast"))
    under_way = Counter[str]()
    for _ in range(80):
        taken = queue.take()
        host = resolve_feed.host_of(taken.text)
        if host == "fast":
            queue.finish(taken)
        else:
            under_way[host] += 1
    assert under_way["slow"] <= 2
    assert len(queue) == 120


def test_all_links_come_in_the_order_of_their_host() -> None:
    """Each link comes once, and those of one host in order."""
    queue = FairQueue()
    links = [link(number, f"host{number % 7}") for number in range(100)]
    for item in links:
        queue.put(item)
    taken = [queue.take() for _ in links]
    assert sorted(taken) == links
    for host in range(7):
        numbers = [item.number for item in taken if item.number % 7 == host]
        assert numbers == sorted(numbers)


async def test_reading_stays_near_the_oldest_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a link does not end, no more than SPAN links after it are read. All are handed out once it has ended."""
    monkeypatch.setattr(resolve_feed, "SPAN", 50)
    read = 0

    def batches() -> Iterator[list[str]]:
        nonlocal read
        for number in range(40):
            read += 5
            yield [f"https://h/{number}-{index}" for index in range(5)]

    feed = LinkFeed(batches(), resumed=ResumedLinks(), skip=lambda _: None)
    first = await feed.take()
    assert first is not None
    seen = 1

    async def drain() -> None:
        nonlocal seen
        while (item := await feed.take()) is not None:
            seen += 1
            feed.finish(item)

    draining = asyncio.create_task(drain())
    while seen < 50:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert read <= 50
    feed.finish(first)
    async with asyncio.timeout(60):
        await draining
    assert (seen, read) == (200, 200)


def test_resumed_links() -> None:
    """Each result stands for one link of the input, so a duplicate is resolved again."""
    resumed = ResumedLinks(["b", "a", "a b"])
    assert [resumed.has(number, text) for number, text in enumerate(["a", "b", "a", " a   b", "c"])] == [
        True, True, False, True, False,
    ]  # fmt: skip
