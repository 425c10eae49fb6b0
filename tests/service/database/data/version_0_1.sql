-- A database that version 0.1 made and used: one link resolved, one queued, webhooks for both. Written by pg_dump. The
-- cached link expires in 2126 here.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE TYPE public.pgqueuer_status AS ENUM (
    'queued',
    'picked',
    'successful',
    'exception',
    'canceled',
    'deleted',
    'failed'
);

CREATE FUNCTION public.fn_pgqueuer_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    to_emit BOOLEAN := false;  -- Flag to decide whether to emit a notification
BEGIN
    -- Check operation type and set the emit flag accordingly
    IF TG_OP = 'UPDATE' AND OLD IS DISTINCT FROM NEW THEN
        to_emit := true;
    ELSIF TG_OP = 'DELETE' THEN
        to_emit := true;
    ELSIF TG_OP = 'INSERT' THEN
        to_emit := true;
    ELSIF TG_OP = 'TRUNCATE' THEN
        to_emit := true;
    END IF;

    -- Perform notification if the emit flag is set
    IF to_emit THEN
        PERFORM pg_notify(
            'ch_pgqueuer',
            json_build_object(
                'channel', 'ch_pgqueuer',
                'operation', lower(TG_OP),
                'sent_at', NOW(),
                'table', TG_TABLE_NAME,
                'type', 'table_changed_event'
            )::text
        );
    END IF;

    -- Return appropriate value based on the operation
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        RETURN NEW;
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    ELSE
        RETURN NULL; -- For TRUNCATE and other non-row-specific contexts
    END IF;

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

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
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

CREATE TABLE public.circuits (
    provider text NOT NULL,
    host text NOT NULL,
    streak bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    open_until timestamp with time zone,
    probe_until timestamp with time zone,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT circuits_check CHECK (((probe_until IS NULL) OR (open_until IS NOT NULL)))
)
WITH (fillfactor='50');

COMMENT ON COLUMN public.circuits.streak IS 'accounts of the failures in a row, the newest last';

CREATE TABLE public.daily_usage (
    key_id bigint NOT NULL,
    day date NOT NULL,
    accepted integer DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.flights (
    link bytea NOT NULL,
    job_id uuid NOT NULL
);

CREATE TABLE public.idempotency_keys (
    key_id bigint NOT NULL,
    idempotency_key text NOT NULL,
    job_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.jobs (
    id uuid NOT NULL,
    account_id bigint NOT NULL,
    key_id bigint NOT NULL,
    url text NOT NULL,
    link bytea NOT NULL,
    provider text NOT NULL,
    tier text NOT NULL,
    cost integer NOT NULL,
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
    CONSTRAINT jobs_check CHECK (((status = 'running'::text) = (lease IS NOT NULL))),
    CONSTRAINT jobs_check1 CHECK (((status = 'done'::text) = (target_url IS NOT NULL))),
    CONSTRAINT jobs_check2 CHECK (((status = ANY (ARRAY['failed'::text, 'invalid'::text])) = (reason IS NOT NULL))),
    CONSTRAINT jobs_check3 CHECK (((status = 'done'::text) OR (credits_charged = 0))),
    CONSTRAINT jobs_cost_check CHECK ((cost > 0)),
    CONSTRAINT jobs_credits_charged_check CHECK ((credits_charged >= 0)),
    CONSTRAINT jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text, 'invalid'::text]))),
    CONSTRAINT jobs_tier_check CHECK ((tier = ANY (ARRAY['standard'::text, 'premium'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.ledger (
    id bigint NOT NULL,
    account_id bigint NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    job_id uuid,
    note text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ledger_amount_check CHECK ((amount <> 0)),
    CONSTRAINT ledger_check CHECK (((kind = 'take'::text) = (job_id IS NOT NULL))),
    CONSTRAINT ledger_check1 CHECK (
CASE kind
    WHEN 'take'::text THEN (amount < 0)
    WHEN 'grant'::text THEN (amount > 0)
    ELSE true
END),
    CONSTRAINT ledger_kind_check CHECK ((kind = ANY (ARRAY['grant'::text, 'take'::text, 'correction'::text])))
);

ALTER TABLE public.ledger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.links (
    link bytea NOT NULL,
    url text NOT NULL,
    target_url text,
    provider text NOT NULL,
    tier text NOT NULL,
    resolved_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

COMMENT ON COLUMN public.links.link IS 'SHA-256 of the canonical URL';

COMMENT ON COLUMN public.links.target_url IS 'NULL: the shortener has removed the link';

CREATE TABLE public.passengers (
    link bytea NOT NULL,
    job_id uuid NOT NULL
);

CREATE TABLE public.pgqueuer (
    id bigint NOT NULL,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    execute_after timestamp with time zone DEFAULT now() NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    slot bigint
);

CREATE SEQUENCE public.pgqueuer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.pgqueuer_id_seq OWNED BY public.pgqueuer.id;

CREATE UNLOGGED TABLE public.pgqueuer_log (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    job_id bigint NOT NULL,
    status public.pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);

ALTER TABLE public.pgqueuer_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.pgqueuer_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pgqueuer_schedules (
    id bigint NOT NULL,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    created timestamp with time zone DEFAULT now() NOT NULL,
    updated timestamp with time zone DEFAULT now() NOT NULL,
    next_run timestamp with time zone DEFAULT now() NOT NULL,
    last_run timestamp with time zone,
    status public.pgqueuer_status DEFAULT 'queued'::public.pgqueuer_status
);

CREATE SEQUENCE public.pgqueuer_schedules_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.pgqueuer_schedules_id_seq OWNED BY public.pgqueuer_schedules.id;

CREATE UNLOGGED TABLE public.pgqueuer_statistics (
    id bigint NOT NULL,
    created timestamp with time zone DEFAULT date_trunc('sec'::text, now()) NOT NULL,
    count bigint NOT NULL,
    priority integer NOT NULL,
    status public.pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);

CREATE UNLOGGED SEQUENCE public.pgqueuer_statistics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.pgqueuer_statistics_id_seq OWNED BY public.pgqueuer_statistics.id;

CREATE TABLE public.provider_pace (
    provider text NOT NULL,
    next_at timestamp with time zone NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.provider_places (
    provider text NOT NULL,
    job_id uuid NOT NULL,
    queue text NOT NULL,
    worker uuid,
    until timestamp with time zone,
    CONSTRAINT provider_places_check CHECK (((worker IS NULL) OR (until IS NOT NULL)))
)
WITH (fillfactor='50');

COMMENT ON TABLE public.provider_places IS 'the jobs that are at a provider, or wait to be, where their number is limited';

COMMENT ON COLUMN public.provider_places.worker IS 'NULL: no worker has taken up the job yet';

COMMENT ON COLUMN public.provider_places.until IS 'NULL: it waits; else the place is lost then, unless its worker renews it';

CREATE TABLE public.provider_state (
    provider text NOT NULL,
    off_since timestamp with time zone,
    note text,
    recent real[] DEFAULT '{}'::real[] NOT NULL,
    CONSTRAINT provider_state_check CHECK (((note IS NULL) OR (off_since IS NOT NULL)))
)
WITH (fillfactor='50');

COMMENT ON COLUMN public.provider_state.recent IS 'seconds that its last links took, the newest first; NULL: it failed';

CREATE TABLE public.webhook_attempts (
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    milliseconds real NOT NULL,
    status integer,
    error text,
    response text
);

COMMENT ON COLUMN public.webhook_attempts.error IS 'NULL: it was received';

COMMENT ON COLUMN public.webhook_attempts.response IS 'how the answer''s body began';

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
    step integer DEFAULT 0 NOT NULL,
    by_hand boolean DEFAULT false NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT webhook_deliveries_check CHECK (((status = 'pending'::text) = (next_attempt_at IS NOT NULL))),
    CONSTRAINT webhook_deliveries_check1 CHECK (((status = 'pending'::text) = (ended_at IS NULL))),
    CONSTRAINT webhook_deliveries_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
)
WITH (fillfactor='70');

COMMENT ON COLUMN public.webhook_deliveries.step IS 'attempts since the schedule began, or began anew by hand';

COMMENT ON COLUMN public.webhook_deliveries.by_hand IS 'the next attempt is made even if the host is paused';

CREATE TABLE public.webhook_hosts (
    host text NOT NULL,
    lease bigint,
    wakeup bigint,
    wakeup_at timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    failing_since timestamp with time zone,
    paused_at timestamp with time zone,
    CONSTRAINT webhook_hosts_check CHECK (((wakeup IS NULL) = (wakeup_at IS NULL))),
    CONSTRAINT webhook_hosts_check1 CHECK (((failures = 0) = (failing_since IS NULL))),
    CONSTRAINT webhook_hosts_check2 CHECK (((paused_at IS NULL) OR (failing_since IS NOT NULL))),
    CONSTRAINT webhook_hosts_failures_check CHECK ((failures >= 0))
)
WITH (fillfactor='50');

COMMENT ON COLUMN public.webhook_hosts.failures IS 'attempts that failed since the last that did not';

ALTER TABLE ONLY public.pgqueuer ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_id_seq'::regclass);

ALTER TABLE ONLY public.pgqueuer_schedules ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_schedules_id_seq'::regclass);

ALTER TABLE ONLY public.pgqueuer_statistics ALTER COLUMN id SET DEFAULT nextval('public.pgqueuer_statistics_id_seq'::regclass);

INSERT INTO public.accounts OVERRIDING SYSTEM VALUE VALUES (1, 'default', NULL, NULL, 99, 1, '2026-11-26 02:14:51.117196+00');

INSERT INTO public.alembic_version VALUES ('0004');

INSERT INTO public.api_keys OVERRIDING SYSTEM VALUE VALUES (1, 1, 'default', '\x2e11f60aca75d00856aab1b3b2a190e4169bc1ea32eb7f4fa94d8a64b9c473f5', NULL, NULL, 'sk_live_M9vs', '2TJz', '\x67414141414142724235596256546e624869396e4f5566596e644f5a48416b4a54557048395934582d76395139306b324d644e3763596e36416a4a754534355645745138764473315464794e354b6b4e426355356178566d7747366f4945364e64626e6b67316c73743363555459796452474b74356470336862716859473944666642324d2d6d334e755933', '{resolve}', 60, NULL, '2026-11-26 02:14:51.138657+00', NULL, NULL, NULL, NULL);

INSERT INTO public.idempotency_keys VALUES (1, 'old', '01a215a2-7f0b-7ec9-995c-1b522163c61c', '2026-11-26 02:15:00.622263+00');

INSERT INTO public.jobs VALUES ('01a215a2-5b30-7a4a-a8fe-41a4f841416d', 1, 1, 'https://bulk.lab.test/cached-by-0-1', '\x43033e08b68be7a71fae3ec297a3beed688d8bc774d845d68965cf4e14b27617', 'lab-bulk', 'standard', 1, 'https://hook.example/pending', 1, 'done', 1, NULL, 'https://example.com/landing/cached-by-0-1', NULL, '[{"url": "https://bulk.lab.test/cached-by-0-1", "status": 301, "mechanism": "location-header", "milliseconds": 4.8}]', 1, '2026-11-26 02:14:51.440591+00', '2026-11-26 02:14:51.51527+00', '2026-11-26 02:14:51.542065+00');
INSERT INTO public.jobs VALUES ('01a215a2-7f0b-7ec9-995c-1b522163c61c', 1, 1, 'https://bulk.lab.test/queued-by-0-1', '\x63bce9854a45ed5ebddb8548bb575b98d543fc59482378deb541c57bbf78c198', 'lab-bulk', 'standard', 1, 'https://hook.example/queued', 1, 'queued', 0, NULL, NULL, NULL, NULL, 0, '2026-11-26 02:15:00.622263+00', NULL, NULL);

INSERT INTO public.ledger OVERRIDING SYSTEM VALUE VALUES (1, 1, 'grant', 100, NULL, 'new account', '2026-11-26 02:14:51.117196+00');
INSERT INTO public.ledger OVERRIDING SYSTEM VALUE VALUES (2, 1, 'take', -1, '01a215a2-5b30-7a4a-a8fe-41a4f841416d', NULL, '2026-11-26 02:14:51.542065+00');

INSERT INTO public.links VALUES ('\x43033e08b68be7a71fae3ec297a3beed688d8bc774d845d68965cf4e14b27617', 'https://bulk.lab.test/cached-by-0-1', 'https://example.com/landing/cached-by-0-1', 'lab-bulk', 'standard', '2026-11-26 02:14:51.542065+00', '2126-01-01 00:00:00+00');

INSERT INTO public.pgqueuer VALUES (3, 0, NULL, '2026-11-26 02:14:51.596405+00', '2026-11-26 02:14:51.596405+00', '2026-11-26 02:14:51.596405+00', '2026-11-26 02:14:57.496752+00', 'queued', 'webhooks', NULL, '\x686f6f6b2e6578616d706c65', 'null', 0, NULL);
INSERT INTO public.pgqueuer VALUES (4, 0, NULL, '2026-11-26 02:15:00.622263+00', '2026-11-26 02:15:00.622263+00', '2026-11-26 02:15:00.622263+00', '2026-11-26 02:15:00.622263+00', 'queued', 'standard', NULL, '\x01a215a27f0b7ec9995c1b522163c61c', 'null', 0, NULL);

INSERT INTO public.pgqueuer_log VALUES (1, '2026-11-26 02:14:51.440591+00', 1, 'queued', 0, 'standard', NULL, false);
INSERT INTO public.pgqueuer_log VALUES (2, '2026-11-26 02:14:51.473817+00', 1, 'picked', 0, 'standard', NULL, false);
INSERT INTO public.pgqueuer_log VALUES (3, '2026-11-26 02:14:51.542065+00', 2, 'queued', 0, 'webhooks', NULL, false);
INSERT INTO public.pgqueuer_log VALUES (4, '2026-11-26 02:14:51.569342+00', 2, 'picked', 0, 'webhooks', NULL, false);
INSERT INTO public.pgqueuer_log VALUES (5, '2026-11-26 02:14:51.596405+00', 3, 'queued', 0, 'webhooks', NULL, false);
INSERT INTO public.pgqueuer_log VALUES (6, '2026-11-26 02:14:51.653832+00', 1, 'successful', 0, 'standard', NULL, false);
INSERT INTO public.pgqueuer_log VALUES (7, '2026-11-26 02:14:51.693525+00', 2, 'successful', 0, 'webhooks', NULL, false);
INSERT INTO public.pgqueuer_log VALUES (8, '2026-11-26 02:15:00.622263+00', 4, 'queued', 0, 'standard', NULL, false);

INSERT INTO public.provider_state VALUES ('lab-bulk', NULL, NULL, '{0.006280019}');

INSERT INTO public.webhook_attempts VALUES ('01a215a2-5ba6-7972-9373-8b7990141ee7', 1, '2026-11-26 02:14:51.583358+00', 1.853801, NULL, 'cannot be reached', NULL);

INSERT INTO public.webhook_deliveries VALUES ('01a215a2-5ba6-7972-9373-8b7990141ee7', 1, '01a215a2-5b30-7a4a-a8fe-41a4f841416d', 'https://hook.example/pending', 'hook.example', 'resolve.done', '{"event":"resolve.done","created_at":"2026-11-26T02:14:51.558Z","job_id":"01a215a2-5b30-7a4a-a8fe-41a4f841416d","status":"done","target_url":"https://example.com/landing/cached-by-0-1","provider":"lab-bulk","tier":"standard","error":null,"credits_charged":1,"balance":99}', 'pending', 1, 1, false, '2026-11-26 02:14:57.496752+00', '2026-11-26 02:14:51.542065+00', NULL);

INSERT INTO public.webhook_hosts VALUES ('hook.example', NULL, 3, '2026-11-26 02:14:57.496752+00', 1, '2026-11-26 02:14:51.585506+00', NULL);

SELECT pg_catalog.setval('public.accounts_id_seq', 1, true);

SELECT pg_catalog.setval('public.api_keys_id_seq', 1, true);

SELECT pg_catalog.setval('public.ledger_id_seq', 2, true);

SELECT pg_catalog.setval('public.pgqueuer_id_seq', 4, true);

SELECT pg_catalog.setval('public.pgqueuer_log_id_seq', 8, true);

SELECT pg_catalog.setval('public.pgqueuer_schedules_id_seq', 1, false);

SELECT pg_catalog.setval('public.pgqueuer_statistics_id_seq', 1, false);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_previous_hash_key UNIQUE (previous_hash);

ALTER TABLE ONLY public.circuits
    ADD CONSTRAINT circuits_pkey PRIMARY KEY (provider, host);

ALTER TABLE ONLY public.daily_usage
    ADD CONSTRAINT daily_usage_pkey PRIMARY KEY (key_id, day);

ALTER TABLE ONLY public.flights
    ADD CONSTRAINT flights_pkey PRIMARY KEY (link);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key_id, idempotency_key);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ledger
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (link);

ALTER TABLE ONLY public.passengers
    ADD CONSTRAINT passengers_pkey PRIMARY KEY (link, job_id);

ALTER TABLE ONLY public.pgqueuer_log
    ADD CONSTRAINT pgqueuer_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pgqueuer
    ADD CONSTRAINT pgqueuer_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_expression_entrypoint_key UNIQUE (expression, entrypoint);

ALTER TABLE ONLY public.pgqueuer_schedules
    ADD CONSTRAINT pgqueuer_schedules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pgqueuer_statistics
    ADD CONSTRAINT pgqueuer_statistics_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.provider_pace
    ADD CONSTRAINT provider_pace_pkey PRIMARY KEY (provider);

ALTER TABLE ONLY public.provider_places
    ADD CONSTRAINT provider_places_pkey PRIMARY KEY (provider, job_id);

ALTER TABLE ONLY public.provider_state
    ADD CONSTRAINT provider_state_pkey PRIMARY KEY (provider);

ALTER TABLE ONLY public.webhook_attempts
    ADD CONSTRAINT webhook_attempts_pkey PRIMARY KEY (delivery_id, number);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_job_id_key UNIQUE (job_id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_hosts
    ADD CONSTRAINT webhook_hosts_pkey PRIMARY KEY (host);

CREATE INDEX api_keys_by_account ON public.api_keys USING btree (account_id);

CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (created_at);

CREATE INDEX ledger_by_account ON public.ledger USING btree (account_id, id);

CREATE UNIQUE INDEX ledger_one_charge_a_job ON public.ledger USING btree (job_id) WHERE (job_id IS NOT NULL);

CREATE INDEX links_by_expiry ON public.links USING btree (expires_at);

CREATE INDEX pgqueuer_ep_ea_idx ON public.pgqueuer USING btree (entrypoint, execute_after) WHERE (status = 'queued'::public.pgqueuer_status);

CREATE INDEX pgqueuer_ep_prio_id_idx ON public.pgqueuer USING btree (entrypoint, priority DESC, id) WHERE (status = 'queued'::public.pgqueuer_status);

CREATE INDEX pgqueuer_log_created ON public.pgqueuer_log USING btree (created);

CREATE INDEX pgqueuer_log_job_id_status ON public.pgqueuer_log USING btree (job_id, created DESC);

CREATE INDEX pgqueuer_log_not_aggregated ON public.pgqueuer_log USING btree ((1)) WHERE (NOT aggregated);

CREATE INDEX pgqueuer_log_status ON public.pgqueuer_log USING btree (status);

CREATE INDEX pgqueuer_picked_heartbeat_idx ON public.pgqueuer USING btree (heartbeat) WHERE (status = 'picked'::public.pgqueuer_status);

CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON public.pgqueuer USING btree (entrypoint, slot) WHERE ((status = 'picked'::public.pgqueuer_status) AND (slot IS NOT NULL));

CREATE INDEX pgqueuer_priority_id_id1_idx ON public.pgqueuer USING btree (priority, id DESC) INCLUDE (id) WHERE (status = 'queued'::public.pgqueuer_status);

CREATE INDEX pgqueuer_queue_manager_id_idx ON public.pgqueuer USING btree (queue_manager_id) WHERE (queue_manager_id IS NOT NULL);

CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON public.pgqueuer_statistics USING btree (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);

CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON public.pgqueuer USING btree (dedupe_key) WHERE ((status = ANY (ARRAY['queued'::public.pgqueuer_status, 'picked'::public.pgqueuer_status])) AND (dedupe_key IS NOT NULL));

CREATE INDEX pgqueuer_updated_id_id1_idx ON public.pgqueuer USING btree (updated, id DESC) INCLUDE (id) WHERE (status = 'picked'::public.pgqueuer_status);

CREATE INDEX provider_places_awaited ON public.provider_places USING btree (provider, job_id) WHERE (until IS NULL);

CREATE INDEX provider_places_taken ON public.provider_places USING btree (provider, until) WHERE (until IS NOT NULL);

CREATE INDEX webhook_deliveries_again ON public.webhook_deliveries USING btree (host, key_id, next_attempt_at) WHERE ((status = 'pending'::text) AND (step > 0));

CREATE INDEX webhook_deliveries_by_hand ON public.webhook_deliveries USING btree (host, next_attempt_at) WHERE ((status = 'pending'::text) AND by_hand);

CREATE INDEX webhook_deliveries_by_key ON public.webhook_deliveries USING btree (key_id, id);

CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (host, next_attempt_at) WHERE (status = 'pending'::text);

CREATE INDEX webhook_deliveries_first ON public.webhook_deliveries USING btree (host, key_id, next_attempt_at) WHERE ((status = 'pending'::text) AND (step = 0));

CREATE INDEX webhook_deliveries_undelivered ON public.webhook_deliveries USING btree (key_id, status, id) WHERE (status <> 'delivered'::text);

CREATE TRIGGER tg_pgqueuer_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.pgqueuer FOR EACH STATEMENT EXECUTE FUNCTION public.fn_pgqueuer_changed();

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

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.api_keys(id);
