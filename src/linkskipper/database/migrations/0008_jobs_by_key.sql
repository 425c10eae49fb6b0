-- The index by which a key's jobs are listed, newest first. Both columns never change, so updates of jobs stay cheap.

CREATE INDEX jobs_by_key ON jobs (key_id, id);
