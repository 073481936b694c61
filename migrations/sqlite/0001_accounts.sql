-- The account pool. First version: no older code runs beside it.
-- `credential` is ciphertext (see crates/store/src/crypto.rs); `credential_hash` is a keyed hash that only makes
-- duplicates impossible. Times are unix milliseconds, `tags` is a JSON list of strings.
CREATE TABLE accounts (
    id                     VARCHAR(64)  NOT NULL PRIMARY KEY,
    credential             TEXT         NOT NULL,
    credential_hash        VARCHAR(64)  NOT NULL UNIQUE,
    pool                   VARCHAR(32)  NOT NULL,
    status                 VARCHAR(16)  NOT NULL,
    quota                  BIGINT       NOT NULL,
    created_at_ms          BIGINT       NOT NULL,
    last_used_at_ms        BIGINT,
    use_count              BIGINT       NOT NULL,
    fail_count             BIGINT       NOT NULL,
    last_fail_at_ms        BIGINT,
    last_fail_reason       TEXT,
    last_sync_at_ms        BIGINT,
    cooldown_until_ms      BIGINT,
    cooldown_reason        VARCHAR(32),
    tags                   TEXT         NOT NULL,
    note                   TEXT         NOT NULL,
    last_asset_clear_at_ms BIGINT
);
