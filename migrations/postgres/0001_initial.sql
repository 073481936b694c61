-- All that grok2api keeps. First version: no older code runs beside it. Several instances may work on it at once.
-- Times are unix milliseconds. Texts compare by their bytes (COLLATE "C"), as lists page by them. Tables whose rows are
-- changed again and again leave room in their pages, so that a change need not touch an index.

-- `credential` and `proxy` are ciphertext (see crates/store/src/crypto.rs); `credential_hash` is a keyed hash that only
-- makes duplicates impossible. `tags` and `quota_windows` are JSON lists.
CREATE TABLE accounts (
    id                     TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    credential             TEXT   COLLATE "C" NOT NULL,
    credential_hash        TEXT   COLLATE "C" NOT NULL UNIQUE,
    pool                   TEXT   COLLATE "C" NOT NULL,
    status                 TEXT   COLLATE "C" NOT NULL,
    quota                  BIGINT NOT NULL,
    created_at_ms          BIGINT NOT NULL,
    last_used_at_ms        BIGINT,
    use_count              BIGINT NOT NULL,
    fail_count             BIGINT NOT NULL,
    last_fail_at_ms        BIGINT,
    last_fail_reason       TEXT   COLLATE "C",
    last_sync_at_ms        BIGINT,
    cooldown_until_ms      BIGINT,
    cooldown_reason        TEXT   COLLATE "C",
    tags                   TEXT   COLLATE "C" NOT NULL,
    note                   TEXT   COLLATE "C" NOT NULL,
    last_asset_clear_at_ms BIGINT,
    quota_windows          TEXT   COLLATE "C",
    last_check_at_ms       BIGINT,
    last_check             TEXT   COLLATE "C",
    last_check_until_ms    BIGINT,
    proxy                  TEXT   COLLATE "C"
) WITH (fillfactor = 70);
CREATE INDEX accounts_by_age ON accounts (created_at_ms, id);

-- One row for each request, however it ended. No foreign key to accounts: a request outlives a deleted account. Lists
-- page by (at_ms, id), newest first, and old rows go from the other end. Ids should ascend (UUID v7). `attempts` is JSON.
CREATE TABLE requests (
    id                TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    at_ms             BIGINT  NOT NULL,
    endpoint          TEXT    COLLATE "C" NOT NULL,
    stream            BOOLEAN NOT NULL,
    client_key        TEXT    COLLATE "C",
    client            TEXT    COLLATE "C",
    model             TEXT    COLLATE "C",
    served_model      TEXT    COLLATE "C",
    account_id        TEXT    COLLATE "C",
    account           TEXT    COLLATE "C",
    attempts          TEXT    COLLATE "C" NOT NULL,
    status            BIGINT  NOT NULL,
    outcome           TEXT    COLLATE "C" NOT NULL,
    error_code        TEXT    COLLATE "C",
    first_byte_ms     BIGINT,
    duration_ms       BIGINT  NOT NULL,
    bytes             BIGINT  NOT NULL,
    prompt_tokens     BIGINT  NOT NULL,
    completion_tokens BIGINT  NOT NULL,
    reasoning_tokens  BIGINT  NOT NULL,
    estimated         BOOLEAN NOT NULL,
    cost              BIGINT  NOT NULL
);
CREATE INDEX requests_by_time ON requests (at_ms, id);
-- Failures are few: finding them must not mean reading everything else.
CREATE INDEX requests_failed ON requests (at_ms, id) WHERE outcome <> 'served';

-- The same requests summed: `span` is minute, hour or day, `start_ms` its begin in UTC. Empty names mean "none". An
-- instance adds to the rows of one `part`, so that instances seldom wait for each other; readers add the parts up.
CREATE TABLE request_sums (
    span              TEXT     COLLATE "C" NOT NULL,
    start_ms          BIGINT   NOT NULL,
    model             TEXT     COLLATE "C" NOT NULL,
    client_key        TEXT     COLLATE "C" NOT NULL,
    outcome           TEXT     COLLATE "C" NOT NULL,
    part              SMALLINT NOT NULL,
    requests          BIGINT   NOT NULL,
    prompt_tokens     BIGINT   NOT NULL,
    completion_tokens BIGINT   NOT NULL,
    reasoning_tokens  BIGINT   NOT NULL,
    bytes             BIGINT   NOT NULL,
    cost              BIGINT   NOT NULL,
    duration_ms       BIGINT   NOT NULL,
    max_duration_ms   BIGINT   NOT NULL,
    first_byte_ms     BIGINT   NOT NULL,
    first_bytes       BIGINT   NOT NULL,
    PRIMARY KEY (span, start_ms, model, client_key, outcome, part)
) WITH (fillfactor = 50);

-- Named values the program itself keeps (not the configuration file). Names that start with `store.` belong to the store.
CREATE TABLE settings (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

-- Signed-in browsers. `id_hash` is the SHA-256 of the cookie's value: reading this table does not sign anybody in.
CREATE TABLE sessions (
    id_hash       TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    data          TEXT   COLLATE "C" NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

-- Who does interval work at the moment. A lock is free when its row is missing or `until_ms` is over.
CREATE TABLE locks (
    name     TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    holder   TEXT   COLLATE "C" NOT NULL,
    until_ms BIGINT NOT NULL
) WITH (fillfactor = 50);

-- The last batch of writes of each opened store, and what it did (JSON): a batch whose commit had no answer is known
-- again by its number. Rows of stores that were closed long ago are removed.
CREATE TABLE batches (
    writer TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    done   TEXT   COLLATE "C" NOT NULL,
    at_ms  BIGINT NOT NULL
) WITH (fillfactor = 50);

-- One row for each generated picture or video: what it was made of, by whom and when. Two rows may share a file, whose
-- name follows from its content. Who may list and delete a row: `key:LABEL`, `open` (an API without keys) or
-- `visitor:HASH` (a browser). `params` is JSON; `poster` is the file of a video's first picture.
CREATE TABLE media (
    id           TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    at_ms        BIGINT NOT NULL,
    kind         TEXT   COLLATE "C" NOT NULL,
    file         TEXT   COLLATE "C" NOT NULL,
    mime         TEXT   COLLATE "C" NOT NULL,
    bytes        BIGINT NOT NULL,
    width        BIGINT NOT NULL,
    height       BIGINT NOT NULL,
    prompt       TEXT   COLLATE "C" NOT NULL,
    model        TEXT   COLLATE "C" NOT NULL,
    params       TEXT   COLLATE "C" NOT NULL,
    parent       TEXT   COLLATE "C",
    account      TEXT   COLLATE "C" NOT NULL,
    client_key   TEXT   COLLATE "C",
    request_id   TEXT   COLLATE "C" NOT NULL,
    owner        TEXT   COLLATE "C" NOT NULL,
    poster       TEXT   COLLATE "C",
    poster_bytes BIGINT NOT NULL
);
CREATE INDEX media_by_time ON media (at_ms, id);
CREATE INDEX media_by_owner ON media (owner, at_ms, id);
CREATE INDEX media_by_kind ON media (kind, at_ms, id);
CREATE INDEX media_by_account ON media (account, at_ms, id);
CREATE INDEX media_by_file ON media (file, kind, bytes);
CREATE INDEX media_by_poster ON media (poster, poster_bytes) WHERE poster IS NOT NULL;

-- One row for each video that was asked for, from its queueing to its end. Lists page by (created_ms, id) of one owner.
-- `params` and `upstream` are JSON; `upstream` is what it takes to ask the upstream again. A row goes at `expires_ms`;
-- the finished video has a row in `media` of its own.
CREATE TABLE video_jobs (
    id            TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    created_ms    BIGINT NOT NULL,
    owner         TEXT   COLLATE "C" NOT NULL,
    client_key    TEXT   COLLATE "C",
    request_id    TEXT   COLLATE "C" NOT NULL,
    status        TEXT   COLLATE "C" NOT NULL,
    progress      BIGINT NOT NULL,
    prompt        TEXT   COLLATE "C" NOT NULL,
    model         TEXT   COLLATE "C" NOT NULL,
    params        TEXT   COLLATE "C" NOT NULL,
    parent        TEXT   COLLATE "C",
    account       TEXT   COLLATE "C",
    upstream      TEXT   COLLATE "C",
    file          TEXT   COLLATE "C",
    poster        TEXT   COLLATE "C",
    error_code    TEXT   COLLATE "C",
    error_message TEXT   COLLATE "C",
    completed_ms  BIGINT,
    expires_ms    BIGINT NOT NULL
);
CREATE INDEX video_jobs_by_owner ON video_jobs (owner, created_ms, id);
CREATE INDEX video_jobs_by_status ON video_jobs (status, created_ms);
CREATE INDEX video_jobs_by_expiry ON video_jobs (expires_ms);
CREATE INDEX video_jobs_by_file ON video_jobs (file) WHERE file IS NOT NULL;
CREATE INDEX video_jobs_by_poster ON video_jobs (poster) WHERE poster IS NOT NULL;

-- Small things that several instances share and that end by themselves. Lists page by (at_ms, id) of one kind and group.
-- `data` is JSON, or its ciphertext for kinds that hold credentials. `revision` rises with each change.
CREATE TABLE documents (
    kind       TEXT   COLLATE "C" NOT NULL,
    id         TEXT   COLLATE "C" NOT NULL,
    group_id   TEXT   COLLATE "C" NOT NULL,
    at_ms      BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    data       TEXT   COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX documents_by_group ON documents (kind, group_id, at_ms, id);
CREATE INDEX documents_by_expiry ON documents (expires_ms);
