"""The messages between `serve` and its worker processes, through the standard streams of the worker.

Standard input carries the orders and then stays open. It ends when `serve` ends, however that happens. Standard output
carries a report about once a second, from the event loop: a worker that hangs sends none.
"""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from linkskipper.metrics import Count
from linkskipper.settings import Settings

REPORT_SECONDS = 1


class WorkerOrders(NamedTuple):
    """What a worker process needs to know. The settings and the URL hold secrets, so arguments cannot bring them.

    `beneath` are the directories of provider files below the operator's.
    """

    name: str
    settings: Settings
    database_url: str
    beneath: Sequence[Path]

    def encode(self) -> bytes:
        """Return the orders as bytes for the same version of this program."""
        return pickle.dumps(self)


def read_orders(stream: BinaryIO) -> WorkerOrders:
    """Read the orders from a stream that only `serve` can write to."""
    orders: WorkerOrders = pickle.load(stream)  # noqa: S301 - the pipe of the process that started this one
    return orders


class WorkerReport(msgspec.Struct, frozen=True):
    """The state of a worker process. `counts` is what its counters gained since the last report.

    `error` is why the process ends, if an operator can mend that.
    """

    ready: bool = False
    has_browser: bool = False
    counts: list[Count] = []
    error: str | None = None


read_report = msgspec.json.Decoder(WorkerReport).decode
