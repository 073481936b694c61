-- What the upstream told about an account, and the proxy that it has for itself. Older code leaves the columns
-- alone, and the rows that it adds know nothing: `quota_windows` null is an empty list.
-- `quota_windows` is a JSON list (crates/store/src/quota_windows.rs); `last_check` is a name of
-- `pool::CheckResult`, `last_check_until_ms` belongs to "limited"; `proxy` is ciphertext.
ALTER TABLE accounts ADD COLUMN quota_windows TEXT;
ALTER TABLE accounts ADD COLUMN last_check_at_ms BIGINT;
ALTER TABLE accounts ADD COLUMN last_check VARCHAR(16);
ALTER TABLE accounts ADD COLUMN last_check_until_ms BIGINT;
ALTER TABLE accounts ADD COLUMN proxy TEXT;
