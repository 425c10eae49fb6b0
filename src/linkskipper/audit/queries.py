"""The statements on audit_log."""

RECORD = """
INSERT INTO audit_log (action, actor, user_id, account_id, subject, address, request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
