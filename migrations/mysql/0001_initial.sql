-- Everything that the store keeps, for MySQL 8 and MariaDB 10.11. First version: no older code runs beside it.
-- What the columns mean stands in migrations/sqlite; differences are named here.
-- Tables cannot be made in a transaction: a start that was cut off is repeated, so every statement says `IF NOT EXISTS`.
-- Names and ids differ by the case of their letters: `utf8mb4_bin`. Keys are short enough for InnoDB's 3,072 bytes.

CREATE TABLE IF NOT EXISTS accounts (
    id                     VARCHAR(191) NOT NULL PRIMARY KEY,
    credential             MEDIUMTEXT   NOT NULL,
    credential_hash        VARCHAR(64)  NOT NULL,
    pool                   VARCHAR(32)  NOT NULL,
    status                 VARCHAR(16)  NOT NULL,
    quota                  BIGINT       NOT NULL,
    created_at_ms          BIGINT       NOT NULL,
    last_used_at_ms        BIGINT,
    use_count              BIGINT       NOT NULL,
    fail_count             BIGINT       NOT NULL,
    last_fail_at_ms        BIGINT,
    last_fail_reason       MEDIUMTEXT,
    last_sync_at_ms        BIGINT,
    cooldown_until_ms      BIGINT,
    cooldown_reason        VARCHAR(32),
    tags                   MEDIUMTEXT   NOT NULL,
    note                   MEDIUMTEXT   NOT NULL,
    last_asset_clear_at_ms BIGINT,
    quota_windows          MEDIUMTEXT,
    last_check_at_ms       BIGINT,
    last_check             VARCHAR(16),
    last_check_until_ms    BIGINT,
    proxy                  MEDIUMTEXT,
    UNIQUE KEY accounts_by_credential (credential_hash)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS settings (
    name  VARCHAR(191) NOT NULL PRIMARY KEY,
    value MEDIUMTEXT   NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
    id_hash       VARCHAR(64) NOT NULL PRIMARY KEY,
    data          MEDIUMTEXT  NOT NULL,
    expires_at_ms BIGINT      NOT NULL,
    KEY sessions_by_expiry (expires_at_ms)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS locks (
    name     VARCHAR(128) NOT NULL PRIMARY KEY,
    holder   VARCHAR(255) NOT NULL,
    until_ms BIGINT       NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- InnoDB keeps rows in the order of the primary key, which is the one of lists and of pruning. There are no partial
-- indexes: `failed_at_ms` is `at_ms` of rows that were not served and null for the others.
CREATE TABLE IF NOT EXISTS requests (
    id                VARCHAR(128) NOT NULL,
    at_ms             BIGINT       NOT NULL,
    failed_at_ms      BIGINT,
    endpoint          VARCHAR(128) NOT NULL,
    stream            SMALLINT     NOT NULL,
    client_key        VARCHAR(128),
    client            VARCHAR(128),
    model             VARCHAR(128),
    served_model      VARCHAR(128),
    account_id        VARCHAR(128),
    account           VARCHAR(128),
    attempts          MEDIUMTEXT   NOT NULL,
    status            BIGINT       NOT NULL,
    outcome           VARCHAR(16)  NOT NULL,
    error_code        VARCHAR(128),
    first_byte_ms     BIGINT,
    duration_ms       BIGINT       NOT NULL,
    bytes             BIGINT       NOT NULL,
    prompt_tokens     BIGINT       NOT NULL,
    completion_tokens BIGINT       NOT NULL,
    reasoning_tokens  BIGINT       NOT NULL,
    estimated         SMALLINT     NOT NULL,
    cost              BIGINT       NOT NULL,
    PRIMARY KEY (at_ms, id),
    UNIQUE KEY requests_by_id (id),
    KEY requests_failed (failed_at_ms, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS request_sums (
    span              VARCHAR(8)   NOT NULL,
    start_ms          BIGINT       NOT NULL,
    model             VARCHAR(128) NOT NULL,
    client_key        VARCHAR(128) NOT NULL,
    outcome           VARCHAR(16)  NOT NULL,
    requests          BIGINT       NOT NULL,
    prompt_tokens     BIGINT       NOT NULL,
    completion_tokens BIGINT       NOT NULL,
    reasoning_tokens  BIGINT       NOT NULL,
    bytes             BIGINT       NOT NULL,
    cost              BIGINT       NOT NULL,
    duration_ms       BIGINT       NOT NULL,
    max_duration_ms   BIGINT       NOT NULL,
    first_byte_ms     BIGINT       NOT NULL,
    first_bytes       BIGINT       NOT NULL,
    PRIMARY KEY (span, start_ms, model, client_key, outcome)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS media (
    id           VARCHAR(64)  NOT NULL,
    at_ms        BIGINT       NOT NULL,
    kind         VARCHAR(16)  NOT NULL,
    file         VARCHAR(128) NOT NULL,
    mime         VARCHAR(64)  NOT NULL,
    bytes        BIGINT       NOT NULL,
    width        BIGINT       NOT NULL,
    height       BIGINT       NOT NULL,
    prompt       MEDIUMTEXT   NOT NULL,
    model        VARCHAR(128) NOT NULL,
    params       MEDIUMTEXT   NOT NULL,
    parent       VARCHAR(64),
    account      VARCHAR(128) NOT NULL,
    client_key   VARCHAR(128),
    request_id   VARCHAR(64)  NOT NULL,
    owner        VARCHAR(160) NOT NULL,
    poster       VARCHAR(128),
    poster_bytes BIGINT       NOT NULL,
    PRIMARY KEY (at_ms, id),
    UNIQUE KEY media_by_id (id),
    KEY media_by_file (file, kind, bytes),
    KEY media_by_poster (poster, poster_bytes),
    KEY media_by_owner (owner, at_ms, id),
    KEY media_by_kind (kind, at_ms, id),
    KEY media_by_account (account, at_ms, id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS video_jobs (
    id            VARCHAR(64)  NOT NULL PRIMARY KEY,
    created_ms    BIGINT       NOT NULL,
    owner         VARCHAR(160) NOT NULL,
    client_key    VARCHAR(128),
    request_id    VARCHAR(64)  NOT NULL,
    status        VARCHAR(16)  NOT NULL,
    progress      BIGINT       NOT NULL,
    prompt        MEDIUMTEXT   NOT NULL,
    model         VARCHAR(128) NOT NULL,
    params        MEDIUMTEXT   NOT NULL,
    parent        VARCHAR(64),
    account       VARCHAR(128),
    upstream      MEDIUMTEXT,
    file          VARCHAR(128),
    poster        VARCHAR(128),
    error_code    VARCHAR(64),
    error_message MEDIUMTEXT,
    completed_ms  BIGINT,
    expires_ms    BIGINT       NOT NULL,
    KEY video_jobs_by_owner (owner, created_ms, id),
    KEY video_jobs_by_status (status, created_ms, id),
    KEY video_jobs_by_expiry (expires_ms),
    KEY video_jobs_by_file (file),
    KEY video_jobs_by_poster (poster)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS documents (
    kind       VARCHAR(16)  NOT NULL,
    id         VARCHAR(128) NOT NULL,
    group_id   VARCHAR(128) NOT NULL,
    at_ms      BIGINT       NOT NULL,
    expires_ms BIGINT       NOT NULL,
    revision   BIGINT       NOT NULL,
    data       MEDIUMTEXT   NOT NULL,
    PRIMARY KEY (kind, id),
    KEY documents_by_group (kind, group_id, at_ms, id),
    KEY documents_by_expiry (expires_ms)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row for each transaction, by which it is known again when the answer to its commit was lost, and from which other
-- instances learn what changed. `writer` is an opened store and counts its batches in `batch`; `at_ms` is the server's
-- clock. `news` (JSON) is what changed, null when it concerns nobody; `done` (JSON) what its operations did. Rows go
-- after minutes, the newest of each writer after days (crates/store/src/mysql/batches.rs). Its statistics are kept, so
-- that the last number of each writer is found without reading the others.
CREATE TABLE IF NOT EXISTS batches (
    writer VARCHAR(36) NOT NULL,
    batch  BIGINT      NOT NULL,
    at_ms  BIGINT      NOT NULL,
    news   MEDIUMTEXT,
    done   MEDIUMTEXT,
    PRIMARY KEY (writer, batch),
    KEY batches_by_time (at_ms)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC STATS_PERSISTENT = 1 STATS_AUTO_RECALC = 1
  DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
