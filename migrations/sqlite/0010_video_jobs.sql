-- One row for each video that was asked for, from its queueing to its end. First version: no older code runs beside
-- it. Lists page by (created_ms, id) of one owner. `params` and `upstream` are JSON; `upstream` is what it takes to
-- ask the upstream again. A row goes at `expires_ms`; the finished video has a row in `media` of its own.
CREATE TABLE video_jobs (
    id            VARCHAR(64)  NOT NULL PRIMARY KEY,
    created_ms    BIGINT       NOT NULL,
    owner         VARCHAR(160) NOT NULL,
    client_key    VARCHAR(128),
    request_id    VARCHAR(64)  NOT NULL,
    status        VARCHAR(16)  NOT NULL,
    progress      BIGINT       NOT NULL,
    prompt        TEXT         NOT NULL,
    model         VARCHAR(128) NOT NULL,
    params        TEXT         NOT NULL,
    parent        VARCHAR(64),
    account       VARCHAR(128),
    upstream      TEXT,
    file          VARCHAR(128),
    poster        VARCHAR(128),
    error_code    VARCHAR(64),
    error_message TEXT,
    completed_ms  BIGINT,
    expires_ms    BIGINT       NOT NULL
);
CREATE INDEX video_jobs_by_owner ON video_jobs (owner, created_ms, id);
CREATE INDEX video_jobs_by_status ON video_jobs (status, created_ms);
CREATE INDEX video_jobs_by_expiry ON video_jobs (expires_ms);
