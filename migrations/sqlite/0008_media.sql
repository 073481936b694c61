-- One row for each generated picture or video: what it was made of, by whom and when. First version: no older code
-- runs beside it. Two rows may share a file, whose name follows from its content. Lists page by (at_ms, id), newest
-- first. `params` is JSON.
CREATE TABLE media (
    id         VARCHAR(64)  NOT NULL,
    at_ms      BIGINT       NOT NULL,
    kind       VARCHAR(16)  NOT NULL,
    file       VARCHAR(128) NOT NULL,
    mime       VARCHAR(64)  NOT NULL,
    bytes      BIGINT       NOT NULL,
    width      BIGINT       NOT NULL,
    height     BIGINT       NOT NULL,
    prompt     TEXT         NOT NULL,
    model      VARCHAR(128) NOT NULL,
    params     TEXT         NOT NULL,
    parent     VARCHAR(64),
    account    VARCHAR(128) NOT NULL,
    client_key VARCHAR(128),
    request_id VARCHAR(64)  NOT NULL,
    PRIMARY KEY (at_ms, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX media_by_id ON media (id);
CREATE INDEX media_by_file ON media (file);
