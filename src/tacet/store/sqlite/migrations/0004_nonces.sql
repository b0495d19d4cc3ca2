-- Nonces of signed requests, for where a process's own memory is not enough.
CREATE TABLE nonce (
    digest BLOB NOT NULL PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX nonce_by_end ON nonce (expires_at_ms);
