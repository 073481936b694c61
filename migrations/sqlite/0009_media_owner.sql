-- Who may list and delete a row: `key:LABEL`, `open` (an API without keys) or `visitor:HASH` (a browser). What older
-- versions made is of its key or of the open API. Old code that still runs adds rows of nobody, which the operator
-- alone sees. Lists of one owner page by (at_ms, id), newest first.
ALTER TABLE media ADD COLUMN owner VARCHAR(160) NOT NULL DEFAULT '';
UPDATE media SET owner = CASE WHEN client_key IS NULL THEN 'open' ELSE 'key:' || client_key END;
CREATE INDEX media_by_owner ON media (owner, at_ms, id);
