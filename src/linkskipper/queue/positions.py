"""Positions in a queue."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import msgspec

from linkskipper.database import Connection

COUNTED = 1000

HEADS = """
SELECT queue,
    (SELECT count(*) FROM (SELECT FROM pgqueuer WHERE entrypoint = queue AND status = 'queued' LIMIT $2) AS counted)
        AS depth,
    (SELECT id FROM pgqueuer WHERE entrypoint = queue AND status = 'queued' ORDER BY priority DESC, id LIMIT 1)
        AS first_id
FROM unnest($1::text[]) AS queue
"""


class QueueHead(msgspec.Struct, frozen=True):
    """The number of entries that wait in a queue, counted up to COUNTED, and the id of the next one."""

    depth: int
    first_id: int | None


async def read_queue_heads(connection: Connection, queues: Collection[str]) -> dict[str, QueueHead]:
    """Count the entries that wait in queues. The cost does not grow with the queue."""
    rows = await connection.fetch(HEADS, sorted(queues), COUNTED)
    return {row["queue"]: QueueHead(row["depth"], row["first_id"]) for row in rows}


def positions_after(heads: Mapping[str, QueueHead], queues: Sequence[str], entry_ids: Sequence[int]) -> list[int]:
    """Return the positions of new entries, 1 for next, from the heads as they were before.

    Up to COUNTED they are exact. Further positions are estimated by the distance to the id of the next entry.
    """
    ahead: Counter[str] = Counter({queue: head.depth for queue, head in heads.items()})
    positions = []
    for queue, entry_id in zip(queues, entry_ids, strict=True):
        ahead[queue] += 1
        distance = entry_id - (heads[queue].first_id or entry_id) + 1
        positions.append(distance if ahead[queue] > COUNTED else ahead[queue])
    return positions
