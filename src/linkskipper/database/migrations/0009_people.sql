-- People who use the dashboard, how they sign in, and the log of what they do.

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    is_operator boolean NOT NULL DEFAULT false,
    password_hash text,
    totp_secret bytea,
    totp_last_step bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    CHECK (totp_last_step IS NULL OR totp_secret IS NOT NULL)
);
CREATE UNIQUE INDEX users_by_name ON users (lower(name));
COMMENT ON COLUMN users.is_operator IS 'may administer the whole service';
COMMENT ON COLUMN users.totp_last_step IS 'time step of the last one-time code that was used';

CREATE TABLE memberships (
    user_id bigint NOT NULL REFERENCES users,
    account_id bigint NOT NULL REFERENCES accounts,
    role text NOT NULL CHECK (role IN ('viewer', 'developer', 'owner')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, account_id)
);
CREATE INDEX memberships_by_account ON memberships (account_id);

CREATE TABLE login_links (
    hash bytea PRIMARY KEY,
    user_id bigint REFERENCES users,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE login_links IS 'links that were not used yet; NULL user_id: the link makes the first user';

CREATE TABLE recovery_codes (
    user_id bigint NOT NULL REFERENCES users,
    hash bytea NOT NULL,
    PRIMARY KEY (user_id, hash)
);
COMMENT ON TABLE recovery_codes IS 'codes that were not used yet';

CREATE TABLE sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE,
    user_id bigint REFERENCES users,
    key_id bigint REFERENCES api_keys,
    key_hash bytea,
    account_id bigint NOT NULL REFERENCES accounts,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    proven_at timestamptz NOT NULL DEFAULT now(),
    address text NOT NULL,
    user_agent text NOT NULL,
    CHECK (num_nonnulls(user_id, key_id) = 1),
    CHECK ((key_id IS NULL) = (key_hash IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_key ON sessions (key_id) WHERE key_id IS NOT NULL;
COMMENT ON COLUMN sessions.hash IS 'SHA-256 of the id in the cookie';
COMMENT ON COLUMN sessions.key_hash IS 'hash of the API key that was pasted';
COMMENT ON COLUMN sessions.proven_at IS 'time of the last sign-in or proof of identity';

CREATE TABLE sign_in_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text,
    address text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_failures_by_login ON sign_in_failures (login, at) WHERE login IS NOT NULL;
CREATE INDEX sign_in_failures_by_address ON sign_in_failures (address, at);
CREATE INDEX sign_in_failures_by_age ON sign_in_failures (at);

CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL,
    actor text NOT NULL,
    user_id bigint,
    account_id bigint,
    subject text,
    address text,
    request_id text
);
CREATE INDEX audit_log_by_account ON audit_log (account_id, id) WHERE account_id IS NOT NULL;
COMMENT ON COLUMN audit_log.actor IS 'name of the user at that time, "key …" or "command line"';
COMMENT ON COLUMN audit_log.subject IS 'the thing that was changed, such as "key 3"';
