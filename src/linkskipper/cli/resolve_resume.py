"""Continue a file of results where an earlier run was interrupted."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

SPAN = 100_000  # a run reads no link that is further beyond the oldest one that has not ended, plus one batch
TAIL = 64 * 1024


class ResumedLinks:
    """The links whose results are in a file already, in about the order of the input.

    Only those near the current place are in memory, because SPAN bounds how far a result is from the place of its link.
    """

    def __init__(self, links: Iterable[str] = ()) -> None:
        self._links = iter(links)
        self._read = 0
        self._near: Counter[str] = Counter()
        self._is_read = False

    def has(self, number: int, text: str) -> bool:
        """Tell whether the link at this place has a result. Call this once for each link, in the order of the input."""
        while not self._is_read and self._read <= number + 2 * SPAN:
            link = next(self._links, None)
            if link is None:
                self._is_read = True
                break
            self._read += 1
            self._near[link] += 1
        key = key_of(text)
        if not self._near.get(key):
            return False
        self._near[key] -= 1
        if not self._near[key]:
            del self._near[key]
        return True


def key_of(text: str) -> str:
    """Return a link as files of results have it: without line breaks and repeated spaces."""
    return " ".join(text.split())


def drop_incomplete_line(file: Path) -> bool:
    """Remove the end of a file after its last line break: a run that was killed has not written it whole.

    Return whether a line is left.
    """
    with file.open("r+b") as stream:
        end = stream.seek(0, 2)
        while end:
            begin = max(0, end - TAIL)
            stream.seek(begin)
            newline = stream.read(end - begin).rfind(b"\n")
            if newline >= 0:
                end = begin + newline + 1
                break
            end = begin
        stream.truncate(end)
    return end > 0
