-- Standard names for the tables of provider health, provider limits and webhooks.

ALTER TABLE circuits RENAME COLUMN streak TO consecutive_failures;
COMMENT ON COLUMN circuits.consecutive_failures IS 'the account of each failure, the newest last';

ALTER TABLE webhook_hosts RENAME COLUMN lease TO lease_entry_id;
ALTER TABLE webhook_hosts RENAME COLUMN wakeup TO wakeup_entry_id;
COMMENT ON COLUMN webhook_hosts.lease_entry_id IS 'queue entry whose worker sends to the host';
COMMENT ON COLUMN webhook_hosts.wakeup_entry_id IS 'queue entry for the next delivery to the host';
COMMENT ON COLUMN webhook_hosts.wakeup_at IS 'time from which that entry can be taken';
COMMENT ON COLUMN webhook_hosts.failures IS 'consecutive failed attempts';

ALTER TABLE webhook_deliveries RENAME COLUMN step TO schedule_step;
ALTER TABLE webhook_deliveries RENAME COLUMN by_hand TO manual;
ALTER INDEX webhook_deliveries_first RENAME TO webhook_deliveries_first_attempts;
ALTER INDEX webhook_deliveries_again RENAME TO webhook_deliveries_retries;
ALTER INDEX webhook_deliveries_by_hand RENAME TO webhook_deliveries_manual;
COMMENT ON COLUMN webhook_deliveries.schedule_step IS 'attempts since the schedule started, or started again';
COMMENT ON COLUMN webhook_deliveries.manual IS 'the next attempt is made even if the host is paused';
COMMENT ON COLUMN webhook_attempts.error IS 'NULL: the receiver accepted the event';
COMMENT ON COLUMN webhook_attempts.response IS 'the beginning of the response body';
