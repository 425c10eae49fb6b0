-- Webhooks: deliveries, their attempts, the receiving hosts, and a grace period for rolled webhook secrets.

ALTER TABLE api_keys ADD COLUMN previous_webhook_secret bytea, ADD COLUMN previous_webhook_until timestamptz;

-- One worker at a time delivers to a host. Lease and wakeup are entries of the queue: the one whose worker does so now,
-- and the next that is to have it done.
CREATE TABLE webhook_hosts (
    host text PRIMARY KEY,
    lease bigint,
    wakeup bigint,
    wakeup_at timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    paused_at timestamptz,
    CHECK ((wakeup IS NULL) = (wakeup_at IS NULL)),
    CHECK ((failures = 0) = (failing_since IS NULL)),
    CHECK (paused_at IS NULL OR failing_since IS NOT NULL)
) WITH (fillfactor = 50);
COMMENT ON COLUMN webhook_hosts.failures IS 'attempts that failed since the last that did not';

CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY,
    key_id bigint NOT NULL REFERENCES api_keys,
    job_id uuid NOT NULL UNIQUE,
    url text NOT NULL,
    host text NOT NULL,
    event text NOT NULL,
    body text NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    step integer NOT NULL DEFAULT 0,
    by_hand boolean NOT NULL DEFAULT false,
    next_attempt_at timestamptz DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK ((status = 'pending') = (ended_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (host, next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_key ON webhook_deliveries (key_id, id);
CREATE INDEX webhook_deliveries_undelivered ON webhook_deliveries (key_id, status, id) WHERE status <> 'delivered';
COMMENT ON COLUMN webhook_deliveries.step IS 'attempts since the schedule began, or began anew by hand';
COMMENT ON COLUMN webhook_deliveries.by_hand IS 'the next attempt is made even if the host is paused';

CREATE TABLE webhook_attempts (
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    started_at timestamptz NOT NULL,
    milliseconds real NOT NULL,
    status integer,
    error text,
    response text,
    PRIMARY KEY (delivery_id, number)
);
COMMENT ON COLUMN webhook_attempts.error IS 'NULL: it was received';
COMMENT ON COLUMN webhook_attempts.response IS 'how the answer''s body began';
