-- Where each change of a balance comes from, and vouchers that people redeem for credits.

ALTER TABLE ledger ADD COLUMN reference text, ADD COLUMN actor text;
CREATE UNIQUE INDEX ledger_by_reference ON ledger (reference) WHERE reference IS NOT NULL;
COMMENT ON COLUMN ledger.reference IS 'name of what the row is for; nothing is booked twice under one name';
COMMENT ON COLUMN ledger.actor IS 'who made a row that is not a charge';

CREATE TABLE vouchers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    last_four text NOT NULL,
    credits bigint NOT NULL CHECK (credits > 0),
    max_uses integer NOT NULL CHECK (max_uses > 0),
    uses integer NOT NULL DEFAULT 0,
    note text NOT NULL,
    actor text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK (uses BETWEEN 0 AND max_uses)
) WITH (fillfactor = 90);
COMMENT ON COLUMN vouchers.hash IS 'keyed hash of the code';

CREATE TABLE voucher_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX voucher_failures_by_account ON voucher_failures (account_id, at);
CREATE INDEX voucher_failures_by_age ON voucher_failures (at);
