"""Batching: the first call runs at once, later ones together, and each gets its own result."""

import asyncio

import pytest

from linkskipper.database.batching import Batcher, batched


async def test_busy_calls_go_together() -> None:
    """Items that arrive while a batch runs form the next batch, up to the limit. Each gets its own result."""
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
    """Each caller gets the error of the batch. The next batch is not affected."""

    async def fail_odd(items: list[int]) -> list[int]:
        if any(item % 2 for item in items):
            raise ValueError("odd")
        return items

    batcher = Batcher(fail_odd)
    results = await asyncio.gather(batcher(1), batcher(2), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError]
    assert await batcher(2) == 2


@pytest.mark.parametrize("wrong", [[], [1, 2, 3]], ids=["too few", "too many"])
async def test_a_wrong_number_of_results_is_an_error(wrong: list[int]) -> None:
    """A run that returns more or fewer results than items fails for its callers, and nobody waits for a result."""

    async def run(_: list[int]) -> list[int]:
        return wrong

    batcher = Batcher(run)
    results = await asyncio.gather(batcher(1), batcher(2), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError]


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


class Doubler:
    """Doubles numbers, and keeps the batches."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self.batches: list[list[int]] = []

    @batched()
    async def multiply(self, numbers: list[int]) -> list[int]:
        """Multiply numbers."""
        self.batches.append(numbers)
        return [self.factor * number for number in numbers]

    @batched(limit=2)
    async def show(self, numbers: list[int]) -> list[str]:
        self.batches.append(numbers)
        return [str(number) for number in numbers]


async def test_a_batched_method() -> None:
    """A method of many items takes one. Each object has batches of its own."""
    two, three = Doubler(2), Doubler(3)
    assert list(await asyncio.gather(two.multiply(1), three.multiply(1), two.multiply(5))) == [2, 3, 10]
    assert (two.batches, three.batches) == ([[1, 5]], [[1]])


async def test_the_limit_of_a_batched_method() -> None:
    """A batch has at most as many items as the decorator says."""
    doubler = Doubler(2)
    assert await asyncio.gather(*map(doubler.show, range(5))) == ["0", "1", "2", "3", "4"]
    assert doubler.batches == [[0, 1], [2, 3], [4]]


def test_the_documentation_of_a_batched_method() -> None:
    """The class shows the docstring of the method."""
    assert Doubler.multiply.__doc__ == "Multiply numbers."
