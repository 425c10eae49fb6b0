-- The connections that the guard refused, by host and reason.

CREATE TABLE egress_refusals (
    host text NOT NULL,
    reason text NOT NULL,
    count bigint NOT NULL CHECK (count > 0),
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (host, reason)
);
CREATE INDEX egress_refusals_by_time ON egress_refusals (last_at);
