-- Who does interval work at the moment. First version: no older code runs beside it.
-- A lock is free when its row is missing or `until_ms` (unix milliseconds) is over.
CREATE TABLE locks (
    name     VARCHAR(64)  NOT NULL PRIMARY KEY,
    holder   VARCHAR(128) NOT NULL,
    until_ms BIGINT       NOT NULL
);
