"""The batcher: alone at once, together when busy, to each its own."""

import asyncio

import pytest

from linkskipper.database.batching import Batcher


async def test_busy_calls_go_together() -> None:
    """Items that come while a call is under way share the next one; each gets its own result."""
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def double(items: list[int]) -> list[int]:
        batches.append(items)
        await gate.wait()
        return [2 * item for item in items]

    batcher = Batcher(double, limit=3)
    first = asyncio.create_task(batcher(1))
    while not batches:
        await asyncio.sleep(0)
    others = [asyncio.create_task(batcher(item)) for item in (2, 3, 4, 5)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10]
    assert batches == [[1], [2, 3, 4], [5]]


async def test_failure_is_every_callers() -> None:
    """What the shared call raises, each caller gets; the next call is not affected."""

    async def fail_odd(items: list[int]) -> list[int]:
        if any(item % 2 for item in items):
            raise ValueError("odd")
        return items

    batcher = Batcher(fail_odd)
    results = await asyncio.gather(batcher(1), batcher(2), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError]
    assert await batcher(2) == 2


async def test_cancelled_caller_harms_nobody() -> None:
    """A caller that goes away leaves the others their results."""

    async def echo(items: list[int]) -> list[int]:
        await asyncio.sleep(0)
        return items

    batcher = Batcher(echo)
    gone, stays = asyncio.create_task(batcher(1)), asyncio.create_task(batcher(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
