-- Accounts that an operator closed: their keys can only read.

ALTER TABLE accounts ADD COLUMN closed_at timestamptz;
