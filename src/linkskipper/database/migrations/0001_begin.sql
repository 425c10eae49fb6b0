-- Accounts, keys, the ledger, jobs, idempotency keys, the link cache and provider health.

CREATE TABLE accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    telegram_id bigint,
    subscription_until timestamptz,
    balance bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (held <= balance)
) WITH (fillfactor = 50);

CREATE TABLE api_keys (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    name text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    previous_hash bytea UNIQUE,
    previous_until timestamptz,
    prefix text NOT NULL,
    last_four text NOT NULL,
    webhook_secret bytea NOT NULL,
    scopes text[] NOT NULL,
    rate_limit integer NOT NULL CHECK (rate_limit > 0),
    daily_quota integer CHECK (daily_quota > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_by_account ON api_keys (account_id);

CREATE TABLE daily_usage (
    key_id bigint NOT NULL REFERENCES api_keys,
    day date NOT NULL,
    accepted integer NOT NULL DEFAULT 0,
    PRIMARY KEY (key_id, day)
) WITH (fillfactor = 50);

CREATE TABLE ledger (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    kind text NOT NULL CHECK (kind IN ('grant', 'take', 'correction')),
    amount bigint NOT NULL CHECK (amount <> 0),
    job_id uuid,
    note text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'take') = (job_id IS NOT NULL)),
    CHECK (CASE kind WHEN 'take' THEN amount < 0 WHEN 'grant' THEN amount > 0 ELSE true END)
);
CREATE UNIQUE INDEX ledger_one_charge_a_job ON ledger (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX ledger_by_account ON ledger (account_id, id);

-- No index names a column that changes while a job lives, so that its updates stay on their page (HOT).
CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES accounts,
    key_id bigint NOT NULL REFERENCES api_keys,
    url text NOT NULL,
    link bytea NOT NULL,
    provider text NOT NULL,
    tier text NOT NULL CHECK (tier IN ('standard', 'premium')),
    cost integer NOT NULL CHECK (cost > 0),
    webhook_url text,
    queue_position integer NOT NULL,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed', 'invalid')),
    attempt integer NOT NULL DEFAULT 0,
    lease uuid,
    target_url text,
    reason text,
    hops jsonb,
    credits_charged integer NOT NULL DEFAULT 0 CHECK (credits_charged >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CHECK ((status = 'running') = (lease IS NOT NULL)),
    CHECK ((status = 'done') = (target_url IS NOT NULL)),
    CHECK ((status IN ('failed', 'invalid')) = (reason IS NOT NULL)),
    CHECK (status = 'done' OR credits_charged = 0)
) WITH (fillfactor = 70);

CREATE TABLE idempotency_keys (
    key_id bigint NOT NULL REFERENCES api_keys,
    idempotency_key text NOT NULL,
    job_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- One job at a time resolves a link. Others for the same link wait for it as its passengers and share its end.
CREATE TABLE flights (
    link bytea PRIMARY KEY,
    job_id uuid NOT NULL
);
CREATE TABLE passengers (
    link bytea NOT NULL,
    job_id uuid NOT NULL,
    PRIMARY KEY (link, job_id)
);

CREATE TABLE links (
    link bytea PRIMARY KEY,
    url text NOT NULL,
    target_url text,
    provider text NOT NULL,
    tier text NOT NULL,
    resolved_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX links_by_expiry ON links (expires_at);
COMMENT ON COLUMN links.link IS 'SHA-256 of the canonical URL';
COMMENT ON COLUMN links.target_url IS 'NULL: the shortener has removed the link';

CREATE TABLE provider_state (
    provider text PRIMARY KEY,
    off_since timestamptz,
    note text,
    recent real[] NOT NULL DEFAULT '{}',
    CHECK (note IS NULL OR off_since IS NOT NULL)
) WITH (fillfactor = 50);
COMMENT ON COLUMN provider_state.recent IS 'seconds that its last links took, the newest first; NULL: it failed';

-- Only hosts whose last job failed have a row. A success removes it.
CREATE TABLE circuits (
    provider text NOT NULL,
    host text NOT NULL,
    streak bigint[] NOT NULL DEFAULT '{}',
    open_until timestamptz,
    probe_until timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, host),
    CHECK (probe_until IS NULL OR open_until IS NOT NULL)
) WITH (fillfactor = 50);
COMMENT ON COLUMN circuits.streak IS 'accounts of the failures in a row, the newest last';
