-- One row for each request, however it ended, in place of `usage_log`. First version: no older code runs beside it.
-- No foreign key to accounts: a request outlives a deleted account. Lists page by (at_ms, id), newest first, and old
-- rows go from the other end, so the table is kept in that order. Ids should ascend (UUID v7). `attempts` is JSON.
CREATE TABLE requests (
    id                VARCHAR(64)  NOT NULL,
    at_ms             BIGINT       NOT NULL,
    endpoint          VARCHAR(128) NOT NULL,
    stream            SMALLINT     NOT NULL,
    client_key        VARCHAR(128),
    client            VARCHAR(128),
    model             VARCHAR(128),
    served_model      VARCHAR(128),
    account_id        VARCHAR(128),
    account           VARCHAR(128),
    attempts          TEXT         NOT NULL,
    status            SMALLINT     NOT NULL,
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
    PRIMARY KEY (at_ms, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX requests_by_id ON requests (id);
-- Failures are few: finding them must not mean reading everything else.
CREATE INDEX requests_failed ON requests (at_ms, id) WHERE outcome <> 'served';

-- The same requests summed: `span` is minute, hour or day, `start_ms` its begin in UTC. Empty names mean "none".
CREATE TABLE request_sums (
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
) WITHOUT ROWID;

-- `usage_log.at_ms` was the end of the answer. What was not kept then is null, 0 or an empty list.
INSERT INTO requests
SELECT id, at_ms - duration_ms, endpoint, stream, client_key, NULL, model, model, account_id, NULL, '[]', status,
       CASE WHEN status < 400 THEN 'served' WHEN status < 500 THEN 'refused' ELSE 'failed' END,
       error_code, ttft_ms, duration_ms, 0, prompt_tokens, completion_tokens, reasoning_tokens, estimated, cost
FROM usage_log;
DROP TABLE usage_log;

INSERT INTO request_sums
SELECT spans.span, at_ms - at_ms % spans.length_ms AS start_ms, COALESCE(served_model, '') AS model,
       COALESCE(client_key, '') AS client_key, outcome, COUNT(*), SUM(prompt_tokens), SUM(completion_tokens),
       SUM(reasoning_tokens), SUM(bytes), SUM(cost), SUM(duration_ms), MAX(duration_ms),
       SUM(COALESCE(first_byte_ms, 0)), COUNT(first_byte_ms)
FROM requests,
     (SELECT 'minute' AS span, 60000 AS length_ms UNION ALL SELECT 'hour', 3600000
      UNION ALL SELECT 'day', 86400000) AS spans
GROUP BY 1, 2, 3, 4, 5;
