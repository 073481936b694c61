-- One row for each answered request. First version: no older code runs beside it.
-- No foreign key to accounts: usage outlives a deleted account. Lists page by (at_ms, id), newest first. Ids
-- should ascend (UUID v7): random ones, like an index by account, touch one more page for each row, and that halved
-- the commit rate when measured.
CREATE TABLE usage_log (
    id                VARCHAR(64)  NOT NULL PRIMARY KEY,
    at_ms             BIGINT       NOT NULL,
    account_id        VARCHAR(64)  NOT NULL,
    client_key        VARCHAR(64),
    model             VARCHAR(128) NOT NULL,
    endpoint          VARCHAR(128) NOT NULL,
    stream            SMALLINT     NOT NULL,
    status            SMALLINT     NOT NULL,
    error_code        VARCHAR(64),
    prompt_tokens     BIGINT       NOT NULL,
    completion_tokens BIGINT       NOT NULL,
    reasoning_tokens  BIGINT       NOT NULL,
    estimated         SMALLINT     NOT NULL,
    cost              BIGINT       NOT NULL,
    ttft_ms           BIGINT,
    duration_ms       BIGINT       NOT NULL
);
CREATE INDEX usage_log_by_time ON usage_log (at_ms, id);
