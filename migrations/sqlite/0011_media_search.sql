-- The operator's list of all media pages by (at_ms, id), newest first, by kind or by account. Old code that still runs
-- keeps both indexes up to date like any other.
CREATE INDEX media_by_kind ON media (kind, at_ms, id);
CREATE INDEX media_by_account ON media (account, at_ms, id);
