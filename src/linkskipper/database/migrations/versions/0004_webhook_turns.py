"""Indexes by which the keys at a host have their turns, and what is sent by hand to a paused host is found."""

from alembic import op

revision = "0004"
down_revision = "0003"

INDEXES = """
CREATE INDEX webhook_deliveries_first ON webhook_deliveries (host, key_id, next_attempt_at)
    WHERE status = 'pending' AND step = 0;
CREATE INDEX webhook_deliveries_again ON webhook_deliveries (host, key_id, next_attempt_at)
    WHERE status = 'pending' AND step > 0;
CREATE INDEX webhook_deliveries_by_hand ON webhook_deliveries (host, next_attempt_at)
    WHERE status = 'pending' AND by_hand;
"""


def upgrade() -> None:
    op.execute(INDEXES)
