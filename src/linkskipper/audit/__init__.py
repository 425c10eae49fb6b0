"""The audit log: which person or command changed something, when, and from where."""

from linkskipper.audit.log import AuditEntry, record

__all__ = ["AuditEntry", "record"]
