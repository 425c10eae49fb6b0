"""Read the deliveries that are due at a host: the keys take turns, so that no key waits for another's backlog."""

from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec

from linkskipper.accounts import WebhookSecrets
from linkskipper.database import Pool
from linkskipper.database.batching import batched
from linkskipper.webhooks import queries

MAX_KEYS = 1000  # keys that take turns at a host. Deliveries of further keys are chosen by age only


class PendingDelivery(msgspec.Struct, frozen=True):
    """A delivery whose next attempt is due.

    `attempts`, `schedule_step` and `manual` are as before that attempt. `failures` is the number of consecutive
    failures of the host. The job of a test event is invented. `secrets` sign the event, the newest first. It is empty
    if no secret can be decrypted.
    """

    id: UUID
    key_id: int
    job_id: UUID
    url: str
    host: str
    body: str
    attempts: int
    schedule_step: int
    failures: int
    secrets: Sequence[str]
    manual: bool = False
    is_test: bool = False


class _Query(msgspec.Struct, frozen=True):
    host: str
    limit: int
    exclude: Sequence[UUID]


class PendingDeliveries:
    """Find due deliveries. Simultaneous calls share a statement."""

    def __init__(self, pool: Pool, secrets: WebhookSecrets) -> None:
        self._pool = pool
        self._secrets = secrets

    async def read(self, host: str, limit: int, exclude: Collection[UUID] = ()) -> list[PendingDelivery]:
        """Return at most `limit` deliveries that are due at a host, except the excluded ones, in order."""
        return await self._read(_Query(host, limit, list(exclude)))

    @batched()
    async def _read(self, asked: list[_Query]) -> list[list[PendingDelivery]]:
        rows = await self._pool.fetch(
            queries.DUE,
            [query.host for query in asked],
            [query.limit for query in asked],
            [delivery_id for query in asked for delivery_id in query.exclude],
            MAX_KEYS,
        )
        secrets = await self._secrets.read({row["key_id"] for row in rows}) if rows else {}
        by_host: dict[str, list[PendingDelivery]] = {query.host: [] for query in asked}
        for row in rows:
            by_host[row["host"]].append(PendingDelivery(**row, secrets=secrets.get(row["key_id"], ())))
        return [by_host[query.host] for query in asked]
