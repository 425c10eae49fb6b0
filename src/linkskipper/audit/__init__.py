"""The audit log: which person or command changed something, when, and from where. And what the guard refused."""

from linkskipper.audit.log import COMMAND_LINE, NOT_SIGNED_IN, AuditEntry, record
from linkskipper.audit.read import AuditFilter, AuditRow, list_audit
from linkskipper.audit.refusals import RefusalRecorder, RefusalRow, list_refusals, prune_refusals

__all__ = [
    "COMMAND_LINE",
    "NOT_SIGNED_IN",
    "AuditEntry",
    "AuditFilter",
    "AuditRow",
    "RefusalRecorder",
    "RefusalRow",
    "list_audit",
    "list_refusals",
    "prune_refusals",
    "record",
]
