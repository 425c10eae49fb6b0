-- Test events of webhooks, and an index for the search of accounts by their Telegram id.

ALTER TABLE webhook_deliveries ADD COLUMN is_test boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN webhook_deliveries.is_test IS 'no job has ended: somebody tries the receiver';
CREATE INDEX webhook_deliveries_tests ON webhook_deliveries (key_id, id) WHERE is_test;
CREATE INDEX accounts_by_telegram_id ON accounts (telegram_id) WHERE telegram_id IS NOT NULL;
