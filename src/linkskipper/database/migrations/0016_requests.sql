-- The log of the requests that a key made. It is written after the request, and rows may be missing.

CREATE TABLE requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    account_id bigint NOT NULL,
    key_id bigint NOT NULL,
    request_id text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    status smallint NOT NULL,
    code text,
    milliseconds real NOT NULL,
    job_id uuid
);
CREATE INDEX requests_by_account ON requests (account_id, id);
COMMENT ON COLUMN requests.code IS 'code of the problem document, NULL for a success';
