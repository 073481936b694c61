//! Statements that stand as they are; those for many rows are in `multi_row`.
//!
//! They keep to what `MySQL` 8 and `MariaDB` 10.11 both take: no `RETURNING`, no alias for the row of
//! an `INSERT`, no comparison of row values (neither uses an index for it). Connections count the
//! rows that a statement finds, also where it changes nothing in them.

use crate::sql::{MediaStatements, Statements};

pub(super) const COMMIT: &str = "COMMIT";
pub(super) const ROLLBACK: &str = "ROLLBACK";

/// Binds writer, number and news. The time is the server's, which all instances share.
pub(super) const MARK_BATCH: &str = "INSERT INTO batches (writer, batch, at_ms, news) \
     VALUES (?, ?, CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED), ?)";

/// Binds what was done, writer and number.
pub(super) const MARK_DONE: &str = "UPDATE batches SET done = ? WHERE writer = ? AND batch = ?";

pub(super) const DONE_OF_BATCH: &str = "SELECT done FROM batches WHERE writer = ? AND batch = ?";

/// Each writer with the number of its last batch: a look at the ends of an index.
pub(super) const LAST_BATCHES: &str =
    "SELECT writer, MAX(batch) AS newest FROM batches GROUP BY writer";

/// Binds writer and two numbers.
pub(super) const NEWS: &str = "SELECT news FROM batches WHERE writer = ? AND batch > ? AND batch <= ? \
     AND news IS NOT NULL ORDER BY batch";

/// Binds writer, its last number, an age in milliseconds and a limit.
pub(super) const SWEEP_BATCHES: &str = "DELETE FROM batches WHERE writer = ? AND batch < ? AND at_ms < \
     CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - ? ORDER BY batch LIMIT ?";

/// Binds an age in milliseconds and a limit.
pub(super) const SWEEP_WRITERS: &str = "DELETE FROM batches WHERE at_ms < \
     CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - ? ORDER BY at_ms LIMIT ?";

/// Binds a quota or null, units and id.
pub(super) const SET_QUOTA: &str =
    "UPDATE accounts SET quota = GREATEST(COALESCE(?, quota) - ?, 0) WHERE id = ?";

/// Ends this cooldown, if the account has it. Binds a quota or null, id, and its end.
pub(super) const END_COOLDOWN: &str = "UPDATE accounts SET quota = COALESCE(?, quota), \
     status = 'active', cooldown_until_ms = NULL, cooldown_reason = NULL \
     WHERE id = ? AND status = 'cooling' AND cooldown_until_ms <=> ?";

/// Applies what else a [`Patch`](crate::patch::Patch) has; a null (or a 0 flag) leaves the column
/// alone. No column is read after it was set: `MySQL` would read the new value.
pub(super) const PATCH_ACCOUNT: &str = "UPDATE accounts SET \
     quota = GREATEST(COALESCE(?, quota) - ?, 0), \
     use_count = use_count + ?, \
     last_used_at_ms = COALESCE(?, last_used_at_ms), \
     status = COALESCE(?, status), \
     cooldown_until_ms = CASE WHEN ? = 1 THEN ? ELSE cooldown_until_ms END, \
     cooldown_reason = CASE WHEN ? = 1 THEN ? ELSE cooldown_reason END, \
     fail_count = COALESCE(?, fail_count), \
     last_fail_at_ms = CASE WHEN ? = 1 THEN ? ELSE last_fail_at_ms END, \
     last_fail_reason = CASE WHEN ? = 1 THEN ? ELSE last_fail_reason END, \
     pool = COALESCE(?, pool), \
     last_sync_at_ms = CASE WHEN ? = 1 THEN ? ELSE last_sync_at_ms END, \
     quota_windows = CASE WHEN ? = 1 THEN ? ELSE quota_windows END, \
     last_check_at_ms = CASE WHEN ? = 1 THEN ? ELSE last_check_at_ms END, \
     last_check = CASE WHEN ? = 1 THEN ? ELSE last_check END, \
     last_check_until_ms = CASE WHEN ? = 1 THEN ? ELSE last_check_until_ms END, \
     tags = COALESCE(?, tags), \
     note = COALESCE(?, note), \
     proxy = CASE WHEN ? = 1 THEN ? ELSE proxy END \
     WHERE id = ?";

/// Binds credential, its hash and id. Fails when another account has the credential.
pub(super) const REPLACE_CREDENTIAL: &str =
    "UPDATE accounts SET credential = ?, credential_hash = ? WHERE id = ?";

/// Operations that are one statement each.
pub(super) const OPERATIONS: Statements = Statements {
    set_setting: "INSERT INTO settings (name, value) VALUES (?, ?) \
     ON DUPLICATE KEY UPDATE value = VALUES(value)",
    delete_setting: "DELETE FROM settings WHERE name = ?",
    create_session: "INSERT INTO sessions (id_hash, data, expires_at_ms) VALUES (?, ?, ?)",
    save_session: "UPDATE sessions SET data = ?, expires_at_ms = ? WHERE id_hash = ?",
    touch_session: "UPDATE sessions SET expires_at_ms = ? WHERE id_hash = ?",
    delete_session: "DELETE FROM sessions WHERE id_hash = ?",
    delete_all_sessions: "DELETE FROM sessions",
    sweep_sessions: "DELETE FROM sessions WHERE expires_at_ms <= ?",
    renew_lock: "UPDATE locks SET until_ms = ? WHERE name = ? AND holder = ? AND until_ms > ?",
    release_lock: "DELETE FROM locks WHERE name = ? AND holder = ?",
    update_video_job: "UPDATE video_jobs SET created_ms = ?, owner = ?, \
     client_key = ?, request_id = ?, status = ?, progress = ?, prompt = ?, model = ?, params = ?, \
     parent = ?, account = ?, upstream = ?, file = ?, poster = ?, error_code = ?, \
     error_message = ?, completed_ms = ?, expires_ms = ? WHERE id = ?",
    delete_video_job: "DELETE FROM video_jobs WHERE id = ?",
    put_document: "INSERT INTO documents (kind, id, group_id, at_ms, expires_ms, \
     data, revision) VALUES (?, ?, ?, ?, ?, ?, 1) \
     ON DUPLICATE KEY UPDATE group_id = VALUES(group_id), at_ms = VALUES(at_ms), \
     expires_ms = VALUES(expires_ms), data = VALUES(data), revision = revision + 1",
    replace_document: "UPDATE documents SET group_id = ?, at_ms = ?, \
     expires_ms = ?, data = ?, revision = revision + 1 WHERE kind = ? AND id = ? AND revision = ?",
    delete_document: "DELETE FROM documents WHERE kind = ? AND id = ?",
    delete_documents: "DELETE FROM documents WHERE kind = ? AND group_id = ? ORDER BY at_ms, id LIMIT ?",
    delete_documents_until: "DELETE FROM documents WHERE kind = ? AND group_id = ? \
     AND at_ms <= ? AND (at_ms < ? OR id <= ?) AND OCTET_LENGTH(data) < ?",
    sweep_documents: "DELETE FROM documents WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?",
    prune_sums: "DELETE FROM request_sums WHERE span = ? AND start_ms < ? \
     ORDER BY span, start_ms, model, client_key, outcome LIMIT ?",
};

/// What removes media.
pub(super) const MEDIA: MediaStatements = MediaStatements {
    files: "SELECT kind, file, poster FROM media WHERE id = ? AND owner = COALESCE(?, owner)",
    delete: "DELETE FROM media WHERE id = ?",
    delete_job: "DELETE FROM video_jobs WHERE id = ?",
    posters_of: "SELECT DISTINCT poster FROM media WHERE file = ? AND poster IS NOT NULL",
    delete_of: "DELETE FROM media WHERE file = ?",
    delete_jobs_of: "DELETE FROM video_jobs WHERE file = ?",
};

/// Takes over a lock whose time is over. Binds holder, until, name, now.
pub(super) const TAKE_OVER_LOCK: &str =
    "UPDATE locks SET holder = ?, until_ms = ? WHERE name = ? AND until_ms <= ?";

/// Takes a lock that nobody ever had, or that was freed; fails when somebody has it. Binds holder,
/// until, name.
pub(super) const TAKE_LOCK: &str = "INSERT INTO locks (holder, until_ms, name) VALUES (?, ?, ?)";

/// Binds time, time, id, limit.
pub(super) const PRUNE_REQUESTS: &str = "DELETE FROM requests WHERE at_ms <= ? AND \
     (at_ms < ? OR id < ?) ORDER BY at_ms, id LIMIT ?";

pub(super) const INSERT_MEDIA: &str = "INSERT INTO media (id, at_ms, kind, file, mime, bytes, width, \
     height, prompt, model, params, parent, account, client_key, request_id, \
     owner, poster, poster_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// One transaction at a time removes media, whatever the instance: two that removed the last rows of
/// a file at once would each see the other's, and nobody would remove the file.
pub(super) const ALONE_WITH_MEDIA: &str = "INSERT INTO settings (name, value) \
     VALUES ('store.media', '') ON DUPLICATE KEY UPDATE value = VALUES(value)";

pub(super) const INSERT_VIDEO_JOB: &str = "INSERT INTO video_jobs (created_ms, owner, client_key, \
     request_id, status, progress, prompt, model, params, parent, account, upstream, file, poster, \
     error_code, error_message, completed_ms, expires_ms, id) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// The newest job of an owner that does not stay. Binds the owner and how many stay.
pub(super) const VIDEO_JOB_BEYOND: &str = "SELECT created_ms, id FROM video_jobs WHERE owner = ? \
     ORDER BY created_ms DESC, id DESC LIMIT 1 OFFSET ?";

/// Deletes jobs of an owner from that one on that are over. Binds owner, time, time, id.
pub(super) const CAP_VIDEO_JOBS: &str = "DELETE FROM video_jobs WHERE owner = ? AND created_ms <= ? \
     AND (created_ms < ? OR id <= ?) AND status NOT IN ('queued', 'in_progress')";

/// The newest job of a status that does not stay. Binds the status and how many stay.
pub(super) const VIDEO_JOB_BEYOND_IN: &str = "SELECT created_ms, id FROM video_jobs \
     WHERE status = ? ORDER BY created_ms DESC, id DESC LIMIT 1 OFFSET ?";

/// Binds status, time, time, id.
pub(super) const CAP_VIDEO_JOBS_IN: &str = "DELETE FROM video_jobs WHERE status = ? \
     AND created_ms <= ? AND (created_ms < ? OR id <= ?)";

pub(super) const SWEEP_VIDEO_JOBS: &str = "DELETE FROM video_jobs WHERE expires_ms <= ?";

/// Rows, and bytes of the average one among the newest thousand, as SQLite counts them: what a row
/// has beside its texts is about the same.
pub(super) const REQUESTS_SIZE: &str = "SELECT (SELECT COUNT(*) FROM requests) AS total, \
     CAST(CEILING(COALESCE(AVG(110 + LENGTH(id) * 2 + LENGTH(endpoint) + LENGTH(attempts) \
     + COALESCE(LENGTH(client_key), 0) + COALESCE(LENGTH(client), 0) \
     + COALESCE(LENGTH(model), 0) + COALESCE(LENGTH(served_model), 0) \
     + COALESCE(LENGTH(account_id), 0) + COALESCE(LENGTH(error_code), 0)), 0)) AS SIGNED) \
     AS row_bytes \
     FROM (SELECT * FROM requests ORDER BY at_ms DESC, id DESC LIMIT 1000) AS newest";
