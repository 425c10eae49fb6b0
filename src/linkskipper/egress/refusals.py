"""Tell operators what the guard refused: each refusal in the log, and their number by host and reason."""

from collections import Counter
from typing import NamedTuple

from linkskipper.egress.errors import Refused
from linkskipper.logs import LibraryLogger

MAX_KINDS = 200  # hosts with reasons between two readings. Strangers can name any number of hosts
MAX_HOST_CHARACTERS = 253  # RFC 1035
OTHERS = "other hosts"

_log = LibraryLogger(__name__)


class RefusalKind(NamedTuple):
    """A host that the guard refused, and why."""

    host: str
    reason: str


class RefusalCounter:
    """Counts refusals until somebody takes the counts. More than MAX_KINDS of them count together, by reason."""

    def __init__(self) -> None:
        self._counts: Counter[RefusalKind] = Counter()

    def add(self, host: str, reason: str, *, times: int = 1) -> None:
        """Count refusals."""
        kind = RefusalKind(host[:MAX_HOST_CHARACTERS], reason)
        if kind not in self._counts and len(self._counts) >= MAX_KINDS:
            kind = RefusalKind(OTHERS, reason)
        self._counts[kind] += times

    def take(self) -> dict[RefusalKind, int]:
        """Return the counts, and begin again."""
        counts, self._counts = self._counts, Counter()
        return counts

    def report(self, host: str, refused: Refused) -> None:
        """Log and count a refusal."""
        _log.warning("egress.refused", host=host, address=refused.address, reason=refused.reason)
        self.add(host, refused.reason)
