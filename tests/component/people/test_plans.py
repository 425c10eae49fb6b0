"""The statements behind the pages find their rows by indexes, once their tables have grown."""

import re

from linkskipper.accounts import queries as account_queries
from linkskipper.audit import queries as audit_queries
from linkskipper.credits import queries as credit_queries
from linkskipper.database import Pool
from linkskipper.jobs import queries as job_queries
from linkskipper.people import queries
from linkskipper.queue import entries as queue_entries
from linkskipper.request_log import queries as request_queries
from linkskipper.usage import queries as usage_queries
from linkskipper.webhooks import queries as webhook_queries

HASH = "'a'::bytea"
ACCOUNT_KEY = "1, now()::date, 1"
STATEMENTS = {
    "find_sessions": (queries.FIND_SESSIONS, f"ARRAY[{HASH}], interval '1 day', interval '1 day'"),
    "sessions_of_user": (queries.SESSIONS_OF_USER, "1, interval '1 day', interval '1 day', 100"),
    "start_session": (queries.START_SESSION, f"{HASH}, 1, NULL, NULL, 1, interval '1 day', 'a', 'u', 99"),
    "end_sessions": (queries.END_SESSIONS_OF_USER, "1, NULL"),
    "credentials": (queries.CREDENTIALS, "'name'"),
    "count_failures": (queries.COUNT_FAILURES, "'name', 'address', interval '1 minute', interval '1 minute'"),
    "use_login_link": (queries.USE_LOGIN_LINK, HASH),
    "account_keys": (account_queries.ACCOUNT_KEYS, ACCOUNT_KEY),
    "account_key": (account_queries.ACCOUNT_KEY, ACCOUNT_KEY),
    "search_accounts": (account_queries.SEARCH_ACCOUNTS, "'a', NULL, 50, 1000, 5"),
    "people": (queries.PEOPLE, "'a', NULL, 50, 1000"),
    "members": (queries.MEMBERS, "1, 200"),
    "audit": (audit_queries.LIST, "NULL, 1000, 50, NULL, 'a', 'b'"),
    "audit_of_account": (audit_queries.LIST_OF_ACCOUNT, "NULL, 1000, 50, 1, 'a', 'b'"),
    "refusals": (audit_queries.REFUSALS, "'a', 50, 1000"),
    "usage": (usage_queries.READ, "'key 1', now(), 'day'"),
    "prune_usage": (usage_queries.PRUNE, "interval '90 days', 1000"),
    "depths": (queue_entries.DEPTHS, "ARRAY['a', 'b'], 100, interval '1 minute'"),
    "queue_entries": (queue_entries.ENTRIES, "ARRAY['standard'], 'queued', 100, interval '1 minute'"),
    "job_rate": (job_queries.JOB_RATE, "gen_random_uuid(), 2000"),
    "queued_links": (job_queries.QUEUED_LINKS, "ARRAY[gen_random_uuid()]"),
    "hosts": (webhook_queries.HOSTS["failing"], "NULL, 50, 1000"),
    "paused_hosts": (webhook_queries.HOSTS["paused"], "'a', 50, 1000"),
    "all_hosts": (webhook_queries.HOSTS["all"], "'a', 50, 1000"),
    "host": (webhook_queries.HOST, "'a', 1000"),
    "backlog": (webhook_queries.BACKLOG, "1000"),
    "entries": (credit_queries.ENTRIES, "1, NULL, 50"),
    "spending": (credit_queries.SPENDING, "1, 1000"),
    "account_deliveries": (webhook_queries.ACCOUNT_LIST, "NULL, 51, 51, 1, NULL, NULL, NULL"),
    "account_deliveries_of_host": (webhook_queries.ACCOUNT_LIST, "NULL, 1000, 51, 1, NULL, 'failed', 'a'"),
    "account_delivery": (webhook_queries.ACCOUNT_READ, "gen_random_uuid(), 1, NULL"),
    "delivery_of_job": (webhook_queries.READ_BY_JOB, "gen_random_uuid(), 1"),
    "booked": (credit_queries.BOOKED, "'a', 1, 'grant', 1"),
    "use_voucher": (credit_queries.USE_VOUCHER, f"{HASH}, 1"),
    "vouchers": (credit_queries.VOUCHERS, "NULL, 50"),
    "voucher_failures": (credit_queries.COUNT_VOUCHER_FAILURES, "1, interval '1 hour'"),
    "forgive_voucher_failure": (credit_queries.FORGIVE_VOUCHER_FAILURE, "1"),
    "requests": (request_queries.LIST, "NULL, 5000, 50, 1, NULL, 'a', NULL, NULL, 'b'"),
    "count_codes": (request_queries.COUNT_CODES, "1, 1000"),
    "prune_requests": (request_queries.PRUNE.format(table="requests"), "now(), 5000"),
    "count_tests": (webhook_queries.COUNT_TESTS, "1, now(), 20"),
    "prune_attempts": (webhook_queries.PRUNE_ATTEMPTS.format(table="webhook_attempts"), "gen_random_uuid(), 5000"),
    "redeliver": (webhook_queries.REDELIVER_SINCE, "gen_random_uuid(), 1, gen_random_uuid(), NULL, 1000"),
    "redeliver_account": (webhook_queries.REDELIVER_ACCOUNT_SINCE, "gen_random_uuid(), 1, gen_random_uuid(), 1, 1000"),
    "undelivered": (webhook_queries.COUNT_ACCOUNT_UNDELIVERED, "gen_random_uuid(), 1, gen_random_uuid(), 1, 1000"),
    "charge": (credit_queries.CHARGE_OF_JOB, "1, gen_random_uuid()"),
}
GROW = """
SET LOCAL statement_timeout = 0;
INSERT INTO accounts (name, telegram_id) SELECT 'a', nullif(number % 5, 0) * number
FROM generate_series(1, 5000) AS number;
INSERT INTO api_keys (account_id, name, hash, prefix, last_four, webhook_secret, scopes, rate_limit)
SELECT number, 'k', number::text::bytea, 'p', 'f', '', '{}', 1 FROM generate_series(1, 5000) AS number;
INSERT INTO ledger (account_id, kind, amount, reference)
SELECT 1 + number % 5000, 'grant', 1, CASE WHEN number % 5 = 0 THEN number::text END
FROM generate_series(1, 50000) AS number;
INSERT INTO daily_usage (key_id, day) SELECT number, now()::date FROM generate_series(1, 5000) AS number;
INSERT INTO users (name) SELECT number::text FROM generate_series(1, 5000) AS number;
INSERT INTO memberships (user_id, account_id, role)
SELECT number, number, 'owner' FROM generate_series(1, 5000) AS number;
INSERT INTO login_links (hash, user_id, expires_at)
SELECT sha256(number::text::bytea), number, now() FROM generate_series(1, 5000) AS number;
INSERT INTO sessions (hash, user_id, account_id, expires_at, address, user_agent)
SELECT sha256(number::text::bytea), number, number, now(), 'a', 'u' FROM generate_series(1, 5000) AS number;
INSERT INTO audit_log (action, actor, account_id)
SELECT 'a', 'b', 1 + number % 500 FROM generate_series(1, 50000) AS number;
INSERT INTO sign_in_failures (login, address) SELECT number::text, number::text FROM generate_series(1, 5000) AS number;
INSERT INTO webhook_hosts (host) SELECT number::text FROM generate_series(1, 5000) AS number;
INSERT INTO webhook_deliveries (id, key_id, job_id, url, host, event, body)
SELECT uuidv7(), 1 + number % 5000, gen_random_uuid(), 'u', (1 + number % 5000)::text, 'e', 'b'
FROM generate_series(1, 20000) AS number;
INSERT INTO webhook_attempts (delivery_id, number, started_at, milliseconds)
SELECT id, 1, now(), 1 FROM webhook_deliveries;
INSERT INTO requests (at, account_id, key_id, request_id, method, path, status, milliseconds)
SELECT now(), 1 + number % 500, 1, 'i', 'GET', '/', 200, 1 FROM generate_series(1, 50000) AS number;
INSERT INTO vouchers (hash, last_four, credits, max_uses, note, actor, expires_at)
SELECT sha256(number::text::bytea), 'ABCD', 1, 1, 'n', 'a', now() FROM generate_series(1, 20000) AS number;
INSERT INTO voucher_failures (account_id) SELECT 1 + number % 5000 FROM generate_series(1, 20000) AS number;
INSERT INTO jobs (id, account_id, key_id, url, link_hash, provider, tier, price, queue_position)
SELECT uuidv7(), 1, 1, 'u', '', 'p', 'standard', 1, 1 FROM generate_series(1, 20000);
INSERT INTO egress_refusals (host, reason, count) SELECT number::text, 'r', 1 FROM generate_series(1, 20000) AS number;
INSERT INTO hourly_usage SELECT 'key ' || number, now(), 1, 1, 1, 1, 1, 1
FROM generate_series(1, 20000) AS number;
INSERT INTO pgqueuer (priority, status, entrypoint, payload, execute_after, created, updated)
SELECT 0, 'queued', 'standard', '', now(), now(), now() FROM generate_series(1, 20000);
ANALYZE;
"""


# The partitions of the next days. Their plans are made again when the server has counted their rows.
EMPTY = "SELECT relname FROM pg_class WHERE relispartition AND reltuples = 0"


async def test_no_page_scans_a_table(pool: Pool) -> None:
    """No plan that a connection keeps scans a table whose rows grow with people, accounts or what they do."""
    await pool.execute(GROW, timeout=120)
    empty = {row["relname"] for row in await pool.fetch(EMPTY)}
    for name, (statement, arguments) in STATEMENTS.items():
        async with pool.acquire() as connection:
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            await connection.execute(f"PREPARE read AS {statement}")
            plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE read({arguments})"))
            await connection.execute("DEALLOCATE read")
        assert set(re.findall(r"Seq Scan on (\w+)", plan)) <= empty, f"{name}: {plan}"
