-- Named values the program itself keeps (not the configuration file). First version: no older code runs beside it.
-- Names that start with `store.` belong to the store.
CREATE TABLE settings (
    name  VARCHAR(128) NOT NULL PRIMARY KEY,
    value TEXT         NOT NULL
);
