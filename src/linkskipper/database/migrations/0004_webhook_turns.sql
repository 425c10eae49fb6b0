-- Indexes to take turns among the keys at a host, and to find manual redeliveries to a paused host.

CREATE INDEX webhook_deliveries_first ON webhook_deliveries (host, key_id, next_attempt_at)
    WHERE status = 'pending' AND step = 0;
CREATE INDEX webhook_deliveries_again ON webhook_deliveries (host, key_id, next_attempt_at)
    WHERE status = 'pending' AND step > 0;
CREATE INDEX webhook_deliveries_by_hand ON webhook_deliveries (host, next_attempt_at)
    WHERE status = 'pending' AND by_hand;
