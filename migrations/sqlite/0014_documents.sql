-- Small things that several instances share and that end by themselves: long work, its targets, deleted accounts that
-- may come back, conversations. Older code knows nothing of them. Lists page by (at_ms, id) of one kind and group. `data`
-- is JSON, or its ciphertext for kinds that hold credentials. A row goes at `expires_ms`; `revision` rises with each
-- change.
CREATE TABLE documents (
    kind       VARCHAR(16)  NOT NULL,
    id         VARCHAR(128) NOT NULL,
    group_id   VARCHAR(128) NOT NULL,
    at_ms      BIGINT       NOT NULL,
    expires_ms BIGINT       NOT NULL,
    revision   BIGINT       NOT NULL,
    data       TEXT         NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX documents_by_group ON documents (kind, group_id, at_ms, id);
CREATE INDEX documents_by_expiry ON documents (expires_ms);
