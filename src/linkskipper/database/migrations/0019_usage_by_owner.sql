-- One row for each owner and hour, so that a chart reads as many rows as it has hours, however much an owner uses.

ALTER TABLE hourly_usage RENAME TO usage_of_everything;
ALTER INDEX hourly_usage_by_hour RENAME TO usage_of_everything_by_hour;
ALTER TABLE usage_of_everything RENAME CONSTRAINT hourly_usage_pkey TO usage_of_everything_pkey;

CREATE TABLE hourly_usage (
    owner text NOT NULL,
    hour timestamptz NOT NULL,
    done bigint NOT NULL,
    failed bigint NOT NULL,
    invalid bigint NOT NULL,
    cached bigint NOT NULL,
    credits bigint NOT NULL,
    milliseconds bigint NOT NULL,
    PRIMARY KEY (owner, hour)
) WITH (fillfactor = 70);
CREATE INDEX hourly_usage_by_hour ON hourly_usage (hour);
COMMENT ON COLUMN hourly_usage.owner IS 'account 5, key 7 or provider bitly';
COMMENT ON COLUMN hourly_usage.milliseconds IS 'sum of the times of the links that are done';

INSERT INTO hourly_usage
SELECT owner, hour, sum(done), sum(failed), sum(invalid), sum(cached), sum(credits), sum(milliseconds)
FROM usage_of_everything,
    LATERAL (VALUES ('account ' || account_id), ('key ' || key_id), ('provider ' || provider)) AS owners (owner)
GROUP BY owner, hour;
DROP TABLE usage_of_everything;
