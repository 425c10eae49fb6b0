"""Write the audit log."""

import msgspec

from linkskipper.audit import queries
from linkskipper.database import Connection, Pool

COMMAND_LINE = "command line"
NOT_SIGNED_IN = "not signed in"


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person or a command did.

    `action` is a short name such as "key.create", `subject` the thing that it changed, such as "key 3".
    """

    action: str
    actor: str = COMMAND_LINE
    user_id: int | None = None
    account_id: int | None = None
    subject: str | None = None
    address: str | None = None
    request_id: str | None = None


async def record(database: "Pool | Connection", entry: AuditEntry) -> None:
    """Write an entry. Pass a connection to write it in the caller's transaction."""
    await database.execute(queries.RECORD, *msgspec.structs.astuple(entry))
