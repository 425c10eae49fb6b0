-- Jobs whose hops are stored while they are taken, for a person who watches.

ALTER TABLE jobs ADD COLUMN live boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN jobs.live IS 'whether its hops are stored while they are taken';
