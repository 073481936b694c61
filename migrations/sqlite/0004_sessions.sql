-- Signed-in browsers. First version: no older code runs beside it.
-- `id_hash` is the SHA-256 of the cookie's value: reading this table does not sign anybody in.
CREATE TABLE sessions (
    id_hash       VARCHAR(64) NOT NULL PRIMARY KEY,
    data          TEXT        NOT NULL,
    expires_at_ms BIGINT      NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);
