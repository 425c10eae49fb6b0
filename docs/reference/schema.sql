-- The schema that all migrations make of an empty database. `make schema` writes this file with pg_dump.

CREATE FUNCTION public.tell_queue() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    queue text;
    event text := json_build_object(
        'channel', '', 'operation', lower(TG_OP), 'sent_at', now(), 'table', TG_TABLE_NAME,
        'type', 'table_changed_event'
    );
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM pg_notify('linkskipper_queue_' || NEW.entrypoint, event);
        RETURN NULL;
    END IF;
    FOR queue IN SELECT DISTINCT entrypoint FROM inserted LOOP
        PERFORM pg_notify('linkskipper_queue_' || queue, event);
    END LOOP;
    RETURN NULL;
END;
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.accounts (
    id bigint NOT NULL,
    name text NOT NULL,
    telegram_id bigint,
    subscription_until timestamp with time zone,
    balance bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT accounts_balance_check CHECK ((balance >= 0)),
    CONSTRAINT accounts_check CHECK ((held <= balance)),
    CONSTRAINT accounts_held_check CHECK ((held >= 0))
)
WITH (fillfactor='50');

ALTER TABLE public.accounts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.api_keys (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    previous_hash bytea,
    previous_until timestamp with time zone,
    prefix text NOT NULL,
    last_four text NOT NULL,
    webhook_secret bytea NOT NULL,
    scopes text[] NOT NULL,
    rate_limit integer NOT NULL,
    daily_quota integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    previous_webhook_secret bytea,
    previous_webhook_until timestamp with time zone,
    CONSTRAINT api_keys_daily_quota_check CHECK ((daily_quota > 0)),
    CONSTRAINT api_keys_rate_limit_check CHECK ((rate_limit > 0))
);

ALTER TABLE public.api_keys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.audit_log (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    user_id bigint,
    account_id bigint,
    subject text,
    address text,
    request_id text
);

ALTER TABLE public.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.cached_links (
    link_hash bytea CONSTRAINT links_link_not_null NOT NULL,
    canonical_url text CONSTRAINT links_url_not_null NOT NULL,
    target_url text,
    provider text CONSTRAINT links_provider_not_null NOT NULL,
    tier text CONSTRAINT links_tier_not_null NOT NULL,
    resolved_at timestamp with time zone DEFAULT now() CONSTRAINT links_resolved_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT links_expires_at_not_null NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.05');

CREATE TABLE public.circuits (
    provider text NOT NULL,
    host text NOT NULL,
    consecutive_failures bigint[] DEFAULT '{}'::bigint[] CONSTRAINT circuits_streak_not_null NOT NULL,
    open_until timestamp with time zone,
    probe_until timestamp with time zone,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT circuits_check CHECK (((probe_until IS NULL) OR (open_until IS NOT NULL)))
)
WITH (fillfactor='50');

CREATE TABLE public.daily_usage (
    key_id bigint NOT NULL,
    day date NOT NULL,
    accepted integer DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.egress_refusals (
    host text NOT NULL,
    reason text NOT NULL,
    count bigint NOT NULL,
    first_at timestamp with time zone DEFAULT now() NOT NULL,
    last_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT egress_refusals_count_check CHECK ((count > 0))
);

CREATE TABLE public.hourly_usage (
    owner text NOT NULL,
    hour timestamp with time zone CONSTRAINT hourly_usage_hour_not_null1 NOT NULL,
    done bigint CONSTRAINT hourly_usage_done_not_null1 NOT NULL,
    failed bigint CONSTRAINT hourly_usage_failed_not_null1 NOT NULL,
    invalid bigint CONSTRAINT hourly_usage_invalid_not_null1 NOT NULL,
    cached bigint CONSTRAINT hourly_usage_cached_not_null1 NOT NULL,
    credits bigint CONSTRAINT hourly_usage_credits_not_null1 NOT NULL,
    milliseconds bigint CONSTRAINT hourly_usage_milliseconds_not_null1 NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.idempotency_keys (
    key_id bigint NOT NULL,
    idempotency_key text NOT NULL,
    job_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.05');

CREATE TABLE public.inflight_links (
    link_hash bytea CONSTRAINT flights_link_not_null NOT NULL,
    job_id uuid CONSTRAINT flights_job_id_not_null NOT NULL,
    has_followers boolean DEFAULT false NOT NULL
);

CREATE TABLE public.jobs (
    id uuid NOT NULL,
    account_id bigint NOT NULL,
    key_id bigint NOT NULL,
    url text NOT NULL,
    link_hash bytea CONSTRAINT jobs_link_not_null NOT NULL,
    provider text NOT NULL,
    tier text NOT NULL,
    price integer CONSTRAINT jobs_cost_not_null NOT NULL,
    webhook_url text,
    queue_position integer NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    lease uuid,
    target_url text,
    reason text,
    hops jsonb,
    credits_charged integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    canonical_url text,
    leader_id uuid,
    omitted_hops integer DEFAULT 0 NOT NULL,
    live boolean DEFAULT false NOT NULL,
    CONSTRAINT jobs_check CHECK (((status = 'running'::text) = (lease IS NOT NULL))),
    CONSTRAINT jobs_check1 CHECK (((status = 'done'::text) = (target_url IS NOT NULL))),
    CONSTRAINT jobs_check2 CHECK (((status = ANY (ARRAY['failed'::text, 'invalid'::text])) = (reason IS NOT NULL))),
    CONSTRAINT jobs_check3 CHECK (((status = 'done'::text) OR (credits_charged = 0))),
    CONSTRAINT jobs_credits_charged_check CHECK ((credits_charged >= 0)),
    CONSTRAINT jobs_follower_check CHECK (((leader_id IS NULL) OR ((status <> 'running'::text) AND (credits_charged = 0)))),
    CONSTRAINT jobs_omitted_hops_check CHECK ((omitted_hops >= 0)),
    CONSTRAINT jobs_price_check CHECK ((price > 0)),
    CONSTRAINT jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text, 'invalid'::text]))),
    CONSTRAINT jobs_tier_check CHECK ((tier = ANY (ARRAY['standard'::text, 'premium'::text])))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.05');

CREATE TABLE public.ledger (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    job_id uuid,
    note text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    reference text,
    actor text,
    CONSTRAINT ledger_amount_check CHECK ((amount <> 0)),
    CONSTRAINT ledger_job_check CHECK (((kind = 'charge'::text) = (job_id IS NOT NULL))),
    CONSTRAINT ledger_kind_check CHECK ((kind = ANY (ARRAY['grant'::text, 'charge'::text, 'adjustment'::text]))),
    CONSTRAINT ledger_sign_check CHECK (
CASE kind
    WHEN 'charge'::text THEN (amount < 0)
    WHEN 'grant'::text THEN (amount > 0)
    ELSE true
END)
);

ALTER TABLE public.ledger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.login_links (
    hash bytea NOT NULL,
    user_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.memberships (
    user_id bigint NOT NULL,
    account_id bigint NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT memberships_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'developer'::text, 'owner'::text])))
);

CREATE TABLE public.provider_pacing (
    provider text CONSTRAINT provider_pace_provider_not_null NOT NULL,
    next_at timestamp with time zone CONSTRAINT provider_pace_next_at_not_null NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.provider_slots (
    provider text CONSTRAINT provider_places_provider_not_null NOT NULL,
    job_id uuid CONSTRAINT provider_places_job_id_not_null NOT NULL,
    queue text CONSTRAINT provider_places_queue_not_null NOT NULL,
    entry_id bigint,
    lease uuid,
    CONSTRAINT provider_slots_check CHECK (((lease IS NULL) OR (entry_id IS NOT NULL)))
)
WITH (fillfactor='50');

CREATE TABLE public.provider_state (
    provider text NOT NULL,
    off_since timestamp with time zone,
    note text,
    recent real[] DEFAULT '{}'::real[] NOT NULL,
    CONSTRAINT provider_state_check CHECK (((note IS NULL) OR (off_since IS NOT NULL)))
)
WITH (fillfactor='50');

CREATE VIEW public.queue_entries AS
 SELECT id,
    heartbeat
   FROM public.pgqueuer;

CREATE TABLE public.recovery_codes (
    user_id bigint NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE public.requests (
    id bigint CONSTRAINT requests_id_not_null1 NOT NULL,
    at timestamp with time zone CONSTRAINT requests_at_not_null1 NOT NULL,
    account_id bigint CONSTRAINT requests_account_id_not_null1 NOT NULL,
    key_id bigint CONSTRAINT requests_key_id_not_null1 NOT NULL,
    request_id text CONSTRAINT requests_request_id_not_null1 NOT NULL,
    method text CONSTRAINT requests_method_not_null1 NOT NULL,
    path text CONSTRAINT requests_path_not_null1 NOT NULL,
    status smallint CONSTRAINT requests_status_not_null1 NOT NULL,
    code text,
    milliseconds real CONSTRAINT requests_milliseconds_not_null1 NOT NULL,
    job_id uuid
)
PARTITION BY RANGE (at);

CREATE TABLE public.requests_default (
    id bigint CONSTRAINT requests_id_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT requests_at_not_null NOT NULL,
    account_id bigint CONSTRAINT requests_account_id_not_null NOT NULL,
    key_id bigint CONSTRAINT requests_key_id_not_null NOT NULL,
    request_id text CONSTRAINT requests_request_id_not_null NOT NULL,
    method text CONSTRAINT requests_method_not_null NOT NULL,
    path text CONSTRAINT requests_path_not_null NOT NULL,
    status smallint CONSTRAINT requests_status_not_null NOT NULL,
    code text,
    milliseconds real CONSTRAINT requests_milliseconds_not_null NOT NULL,
    job_id uuid
);

ALTER TABLE public.requests ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.requests_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.schema_migrations (
    version text NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.sessions (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    user_id bigint,
    key_id bigint,
    key_hash bytea,
    account_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    proven_at timestamp with time zone DEFAULT now() NOT NULL,
    address text NOT NULL,
    user_agent text NOT NULL,
    CONSTRAINT sessions_check CHECK ((num_nonnulls(user_id, key_id) = 1)),
    CONSTRAINT sessions_check1 CHECK (((key_id IS NULL) = (key_hash IS NULL)))
)
WITH (fillfactor='70');

ALTER TABLE public.sessions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sessions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sign_in_failures (
    id bigint NOT NULL,
    login text,
    address text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.sign_in_failures ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sign_in_failures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.users (
    id bigint NOT NULL,
    name text NOT NULL,
    is_operator boolean DEFAULT false NOT NULL,
    password_hash text,
    totp_secret bytea,
    totp_last_step bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT users_check CHECK (((totp_last_step IS NULL) OR (totp_secret IS NOT NULL)))
);

ALTER TABLE public.users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.voucher_failures (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE public.voucher_failures ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.voucher_failures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.vouchers (
    id bigint NOT NULL,
    hash bytea NOT NULL,
    last_four text NOT NULL,
    credits bigint NOT NULL,
    max_uses integer NOT NULL,
    uses integer DEFAULT 0 NOT NULL,
    note text NOT NULL,
    actor text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT vouchers_check CHECK (((uses >= 0) AND (uses <= max_uses))),
    CONSTRAINT vouchers_credits_check CHECK ((credits > 0)),
    CONSTRAINT vouchers_max_uses_check CHECK ((max_uses > 0))
)
WITH (fillfactor='90');

ALTER TABLE public.vouchers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.vouchers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.webhook_attempts (
    delivery_id uuid CONSTRAINT webhook_attempts_delivery_id_not_null1 NOT NULL,
    number integer CONSTRAINT webhook_attempts_number_not_null1 NOT NULL,
    started_at timestamp with time zone CONSTRAINT webhook_attempts_started_at_not_null1 NOT NULL,
    milliseconds real CONSTRAINT webhook_attempts_milliseconds_not_null1 NOT NULL,
    status integer,
    error text,
    response text
)
PARTITION BY RANGE (delivery_id);

CREATE TABLE public.webhook_attempts_default (
    delivery_id uuid CONSTRAINT webhook_attempts_delivery_id_not_null NOT NULL,
    number integer CONSTRAINT webhook_attempts_number_not_null NOT NULL,
    started_at timestamp with time zone CONSTRAINT webhook_attempts_started_at_not_null NOT NULL,
    milliseconds real CONSTRAINT webhook_attempts_milliseconds_not_null NOT NULL,
    status integer,
    error text,
    response text
);

CREATE TABLE public.webhook_deliveries (
    id uuid NOT NULL,
    key_id bigint NOT NULL,
    job_id uuid NOT NULL,
    url text NOT NULL,
    host text NOT NULL,
    event text NOT NULL,
    body text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    schedule_step integer DEFAULT 0 CONSTRAINT webhook_deliveries_step_not_null NOT NULL,
    manual boolean DEFAULT false CONSTRAINT webhook_deliveries_by_hand_not_null NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    is_test boolean DEFAULT false NOT NULL,
    CONSTRAINT webhook_deliveries_check CHECK (((status = 'pending'::text) = (next_attempt_at IS NOT NULL))),
    CONSTRAINT webhook_deliveries_check1 CHECK (((status = 'pending'::text) = (ended_at IS NULL))),
    CONSTRAINT webhook_deliveries_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.05');

CREATE TABLE public.webhook_hosts (
    host text NOT NULL,
    lease_entry_id bigint,
    wakeup_entry_id bigint,
    wakeup_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    failing_since timestamp with time zone,
    paused_at timestamp with time zone,
    CONSTRAINT webhook_hosts_check CHECK (((wakeup_entry_id IS NULL) = (wakeup_at IS NULL))),
    CONSTRAINT webhook_hosts_check1 CHECK (((failures = 0) = (failing_since IS NULL))),
    CONSTRAINT webhook_hosts_check2 CHECK (((paused_at IS NULL) OR (failing_since IS NOT NULL))),
    CONSTRAINT webhook_hosts_failures_check CHECK ((failures >= 0))
)
WITH (fillfactor='50');

ALTER TABLE ONLY public.requests ATTACH PARTITION public.requests_default DEFAULT;

ALTER TABLE ONLY public.webhook_attempts ATTACH PARTITION public.webhook_attempts_default DEFAULT;

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_previous_hash_key UNIQUE (previous_hash);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cached_links
    ADD CONSTRAINT cached_links_pkey PRIMARY KEY (link_hash);

ALTER TABLE ONLY public.circuits
    ADD CONSTRAINT circuits_pkey PRIMARY KEY (provider, host);

ALTER TABLE ONLY public.daily_usage
    ADD CONSTRAINT daily_usage_pkey PRIMARY KEY (key_id, day);

ALTER TABLE ONLY public.egress_refusals
    ADD CONSTRAINT egress_refusals_pkey PRIMARY KEY (host, reason);

ALTER TABLE ONLY public.hourly_usage
    ADD CONSTRAINT hourly_usage_pkey PRIMARY KEY (owner, hour);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key_id, idempotency_key);

ALTER TABLE ONLY public.inflight_links
    ADD CONSTRAINT inflight_links_pkey PRIMARY KEY (link_hash);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.login_links
    ADD CONSTRAINT login_links_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (user_id, account_id);

ALTER TABLE ONLY public.provider_pacing
    ADD CONSTRAINT provider_pacing_pkey PRIMARY KEY (provider);

ALTER TABLE ONLY public.provider_slots
    ADD CONSTRAINT provider_slots_pkey PRIMARY KEY (provider, job_id);

ALTER TABLE ONLY public.provider_state
    ADD CONSTRAINT provider_state_pkey PRIMARY KEY (provider);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, hash);

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (at, id);

ALTER TABLE ONLY public.requests_default
    ADD CONSTRAINT requests_default_pkey PRIMARY KEY (at, id);

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sign_in_failures
    ADD CONSTRAINT sign_in_failures_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.voucher_failures
    ADD CONSTRAINT voucher_failures_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_attempts
    ADD CONSTRAINT webhook_attempts_pkey PRIMARY KEY (delivery_id, number);

ALTER TABLE ONLY public.webhook_attempts_default
    ADD CONSTRAINT webhook_attempts_default_pkey PRIMARY KEY (delivery_id, number);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_job_id_key UNIQUE (job_id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_hosts
    ADD CONSTRAINT webhook_hosts_pkey PRIMARY KEY (host);

CREATE INDEX accounts_by_telegram_id ON public.accounts USING btree (telegram_id) WHERE (telegram_id IS NOT NULL);

CREATE INDEX api_keys_by_account ON public.api_keys USING btree (account_id);

CREATE INDEX audit_log_by_account ON public.audit_log USING btree (account_id, id) WHERE (account_id IS NOT NULL);

CREATE INDEX cached_links_by_expiry ON public.cached_links USING btree (expires_at);

CREATE INDEX egress_refusals_by_time ON public.egress_refusals USING btree (last_at);

CREATE INDEX hourly_usage_by_hour ON public.hourly_usage USING btree (hour);

CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (created_at);

CREATE INDEX jobs_by_account ON public.jobs USING btree (account_id, id);

CREATE INDEX jobs_by_key ON public.jobs USING btree (key_id, id);

CREATE INDEX jobs_by_leader ON public.jobs USING btree (leader_id) WHERE (leader_id IS NOT NULL);

CREATE INDEX ledger_by_account ON public.ledger USING btree (account_id, id);

CREATE UNIQUE INDEX ledger_by_reference ON public.ledger USING btree (reference) WHERE (reference IS NOT NULL);

CREATE UNIQUE INDEX ledger_one_charge_per_job ON public.ledger USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX memberships_by_account ON public.memberships USING btree (account_id);

CREATE INDEX provider_slots_held ON public.provider_slots USING btree (provider, entry_id) WHERE (entry_id IS NOT NULL);

CREATE INDEX provider_slots_waiting ON public.provider_slots USING btree (provider, job_id) WHERE (entry_id IS NULL);

CREATE INDEX requests_by_account ON ONLY public.requests USING btree (account_id, id);

CREATE INDEX requests_default_account_id_id_idx ON public.requests_default USING btree (account_id, id);

CREATE INDEX sessions_by_key ON public.sessions USING btree (key_id) WHERE (key_id IS NOT NULL);

CREATE INDEX sessions_by_user ON public.sessions USING btree (user_id);

CREATE INDEX sign_in_failures_by_address ON public.sign_in_failures USING btree (address, at);

CREATE INDEX sign_in_failures_by_age ON public.sign_in_failures USING btree (at);

CREATE INDEX sign_in_failures_by_login ON public.sign_in_failures USING btree (login, at) WHERE (login IS NOT NULL);

CREATE UNIQUE INDEX users_by_name ON public.users USING btree (lower(name));

CREATE INDEX voucher_failures_by_account ON public.voucher_failures USING btree (account_id, at);

CREATE INDEX voucher_failures_by_age ON public.voucher_failures USING btree (at);

CREATE INDEX webhook_deliveries_by_key ON public.webhook_deliveries USING btree (key_id, id);

CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (host, next_attempt_at) WHERE (status = 'pending'::text);

CREATE INDEX webhook_deliveries_first_attempts ON public.webhook_deliveries USING btree (host, key_id, next_attempt_at) WHERE ((status = 'pending'::text) AND (schedule_step = 0));

CREATE INDEX webhook_deliveries_manual ON public.webhook_deliveries USING btree (host, next_attempt_at) WHERE ((status = 'pending'::text) AND manual);

CREATE INDEX webhook_deliveries_retries ON public.webhook_deliveries USING btree (host, key_id, next_attempt_at) WHERE ((status = 'pending'::text) AND (schedule_step > 0));

CREATE INDEX webhook_deliveries_tests ON public.webhook_deliveries USING btree (key_id, id) WHERE is_test;

CREATE INDEX webhook_deliveries_undelivered ON public.webhook_deliveries USING btree (key_id, status, id) WHERE (status <> 'delivered'::text);

CREATE INDEX webhook_hosts_failing ON public.webhook_hosts USING btree (host) WHERE (failures > 0);

ALTER INDEX public.requests_by_account ATTACH PARTITION public.requests_default_account_id_id_idx;

ALTER INDEX public.requests_pkey ATTACH PARTITION public.requests_default_pkey;

ALTER INDEX public.webhook_attempts_pkey ATTACH PARTITION public.webhook_attempts_default_pkey;

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.daily_usage
    ADD CONSTRAINT daily_usage_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id);

ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT ledger_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.login_links
    ADD CONSTRAINT login_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);

ALTER TABLE ONLY public.voucher_failures
    ADD CONSTRAINT voucher_failures_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id);

