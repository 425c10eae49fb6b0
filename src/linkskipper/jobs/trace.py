"""Store the hops of a job within a limit."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import msgspec

from linkskipper.resolver import Hop

MAX_TRACE_BYTES = 64 * 1024


def encode_trace(hops: Sequence[Hop]) -> tuple[str, int]:
    """Return the first hops as JSON of at most MAX_TRACE_BYTES, and the number of hops that were omitted after them."""
    encoded = msgspec.json.encode(hops)
    if len(encoded) <= MAX_TRACE_BYTES:
        return encoded.decode(), 0
    sizes = accumulate((len(msgspec.json.encode(hop)) + 1 for hop in hops), initial=1)  # brackets and commas
    kept = bisect_right(list(sizes), MAX_TRACE_BYTES) - 1
    return msgspec.json.encode(hops[:kept]).decode(), len(hops) - kept


def decode_trace(hops: str) -> list[Hop]:
    """Read what `encode_trace` wrote."""
    return msgspec.json.decode(hops, type=list[Hop])
