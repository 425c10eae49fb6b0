"""The audit log: which person or command changed something, when, and from where."""

from linkskipper.audit.log import AuditEntry, record
from linkskipper.audit.read import AuditFilter, AuditRow, AuditRows, list_audit

__all__ = ["AuditEntry", "AuditFilter", "AuditRow", "AuditRows", "list_audit", "record"]
