-- The index by which an account's jobs are listed, newest first. Both columns never change.

CREATE INDEX jobs_by_account ON jobs (account_id, id);
