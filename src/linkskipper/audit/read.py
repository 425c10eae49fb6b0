"""Read the audit log."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from linkskipper.audit import queries
from linkskipper.database import Pool

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


class AuditRows(msgspec.Struct, frozen=True):
    """A page of entries, newest first. `next` continues the walk, None at the end. `walked` is true for a page that
    stopped at MAX_WALKED entries.
    """

    entries: Sequence[AuditRow]
    next: int | None
    walked: bool


async def list_audit(pool: Pool, chosen: AuditFilter, *, before: int | None, limit: int) -> AuditRows:
    """Return a page of entries before an id."""
    statement = queries.LIST if chosen.account_id is None else queries.LIST_OF_ACCOUNT
    owner = () if chosen.account_id is None else (chosen.account_id,)
    rows = await pool.fetch(statement, before, MAX_WALKED, limit, chosen.action, chosen.text, *owner)
    entries = [AuditRow(**{name: row[name] for name in AuditRow.__struct_fields__}) for row in rows if row["id"]]
    if len(entries) == limit:
        return AuditRows(entries, entries[-1].id, walked=False)
    last = rows[0]["last_walked"] if rows else None
    return AuditRows(entries, last, walked=last is not None)
