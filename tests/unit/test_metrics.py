"""The counts that worker processes hand on."""

from linkskipper.metrics import JOBS_ENDED, Count, CountReader, add_counts


def test_counts_are_handed_on_once() -> None:
    """Each gain of a counter is read once, with its labels, and adds to the counter of another process."""
    reader = CountReader()
    reader.read_new()
    JOBS_ENDED.labels("done", "unit test").inc(2)
    assert reader.read_new() == [Count("jobs_ended", {"status": "done", "reason": "unit test"}, 2)]
    assert reader.read_new() == []
    add_counts([Count("jobs_ended", {"status": "done", "reason": "unit test"}, 3)])
    assert reader.read_new() == [Count("jobs_ended", {"status": "done", "reason": "unit test"}, 3)]
