-- The links that ended in each hour, by account, key and provider.

CREATE TABLE hourly_usage (
    hour timestamptz NOT NULL,
    account_id bigint NOT NULL,
    key_id bigint NOT NULL,
    provider text NOT NULL,
    done bigint NOT NULL,
    failed bigint NOT NULL,
    invalid bigint NOT NULL,
    cached bigint NOT NULL,
    credits bigint NOT NULL,
    milliseconds bigint NOT NULL,
    PRIMARY KEY (account_id, hour, key_id, provider)
) WITH (fillfactor = 70);
CREATE INDEX hourly_usage_by_key ON hourly_usage (key_id, hour);
CREATE INDEX hourly_usage_by_provider ON hourly_usage (provider, hour);
CREATE INDEX hourly_usage_by_hour ON hourly_usage (hour);
COMMENT ON COLUMN hourly_usage.milliseconds IS 'sum of the times of the links that are done';
