"""The audit log: which person or command changed something, when, and from where."""

from linkskipper.audit.log import COMMAND_LINE, AuditEntry, record
from linkskipper.audit.read import AuditFilter, AuditRow, AuditRows, list_audit

__all__ = ["COMMAND_LINE", "AuditEntry", "AuditFilter", "AuditRow", "AuditRows", "list_audit", "record"]
