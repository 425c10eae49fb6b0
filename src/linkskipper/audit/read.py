"""Read the audit log."""

from datetime import datetime

import asyncpg
import msgspec

from linkskipper.audit import queries
from linkskipper.database import Pool
from linkskipper.database.walk import Walk, walk

MAX_WALKED = 5000  # entries that a page with filters looks at


class AuditFilter(msgspec.Struct, frozen=True):
    """The entries to list. None selects everything.

    `text` is a part of the actor or the subject, or a whole address.
    """

    action: str | None = None
    account_id: int | None = None
    text: str | None = None


class AuditRow(msgspec.Struct, frozen=True):
    """An entry of the log, as AuditEntry says."""

    id: int
    at: datetime
    action: str
    actor: str
    user_id: int | None
    account_id: int | None
    subject: str | None
    address: str | None
    request_id: str | None


async def list_audit(pool: Pool, chosen: AuditFilter, *, before: int | None, limit: int) -> Walk[AuditRow, int]:
    """Return a page of entries before an id."""
    return await walk(
        pool,
        queries.LIST if chosen.account_id is None else queries.LIST_OF_ACCOUNT,
        _row,
        before=before,
        looks_at=MAX_WALKED,
        limit=limit,
        owner=chosen.account_id,
        chosen=(chosen.action, chosen.text),
    )


def _row(record: asyncpg.Record) -> AuditRow:
    return AuditRow(**{name: record[name] for name in AuditRow.__struct_fields__})
