"""Positions of new entries: counted in a short queue, estimated in a long one."""

from linkskipper.queue.positions import COUNTED, QueueHead, positions_after


def test_an_empty_queue() -> None:
    """The first entry of an empty queue is next, the second one follows."""
    assert positions_after({"a": QueueHead(0, None)}, ["a", "a"], [70, 71]) == [1, 2]


def test_queues_are_counted_apart() -> None:
    """Entries of one queue do not move those of another."""
    heads = {"a": QueueHead(2, 10), "b": QueueHead(5, 11)}
    assert positions_after(heads, ["b", "a", "b"], [20, 21, 22]) == [6, 3, 7]


def test_both_sides_of_the_limit() -> None:
    """The last exact position is COUNTED. The next one is the distance to the first entry."""
    heads = {"a": QueueHead(COUNTED - 1, 10)}
    assert positions_after(heads, ["a", "a"], [50_000, 50_009]) == [COUNTED, 50_000]
