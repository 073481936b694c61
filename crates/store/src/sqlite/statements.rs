//! Statements, and those for many rows at once.

use std::sync::LazyLock;

use crate::sql::{ACCOUNT_COLUMNS, MediaStatements, Statements};

/// Takes the write lock at once, where failing costs nothing.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(super) const COMMIT: &str = "COMMIT";
pub(super) const ROLLBACK: &str = "ROLLBACK";

/// Rows of the largest multi-row statement. With 22 columns it binds 11,264 values, below SQLite's
/// limit of 32,766.
const LARGEST: usize = 512;

/// One statement for many rows, in sizes of 1, 2, 3, 4, 6, 8, 12 … 512 of them. The few sizes stay
/// prepared; what a chunk of rows leaves of its size is bound as nulls and skipped by the statement.
pub(super) struct MultiRow {
    columns: usize,
    /// Sizes and texts, ascending.
    texts: Vec<(usize, String)>,
}

impl MultiRow {
    fn new(head: &str, columns: usize, tail: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(", "));
        let row = row.as_str();
        let text = |size| format!("{head} (VALUES {}) {tail}", vec![row; size].join(", "));
        let powers = std::iter::successors(Some(1), |size| Some(size * 2));
        let sizes = powers
            .flat_map(|size| [Some(size), (size >= 2).then_some(size / 2 * 3)])
            .flatten()
            .take_while(|size| *size <= LARGEST);
        Self {
            columns,
            texts: sizes.map(|size| (size, text(size))).collect(),
        }
    }

    /// Splits rows into chunks: each with the text that takes it, and the nulls that fill it up.
    pub(super) fn chunks<'r, T>(
        &'static self,
        rows: &'r [T],
    ) -> impl Iterator<Item = (&'static str, &'r [T], usize)> {
        rows.chunks(LARGEST).filter_map(|chunk| {
            let fits = self.texts.partition_point(|(size, _)| *size < chunk.len());
            let (size, text) = self.texts.get(fits)?;
            Some((text.as_str(), chunk, (size - chunk.len()) * self.columns))
        })
    }
}

pub(super) static INSERT_REQUESTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::new(
        "INSERT INTO requests (id, at_ms, endpoint, stream, client_key, client, model, \
         served_model, account_id, account, attempts, status, outcome, error_code, first_byte_ms, \
         duration_ms, bytes, prompt_tokens, completion_tokens, reasoning_tokens, estimated, cost) \
         SELECT * FROM",
        22,
        "WHERE column1 IS NOT NULL",
    )
});

pub(super) static ADD_SUMS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::new(
        "INSERT INTO request_sums (span, start_ms, model, client_key, outcome, requests, \
         prompt_tokens, completion_tokens, reasoning_tokens, bytes, cost, duration_ms, \
         max_duration_ms, first_byte_ms, first_bytes) SELECT * FROM",
        15,
        "WHERE column1 IS NOT NULL \
         ON CONFLICT (span, start_ms, model, client_key, outcome) DO UPDATE SET \
         requests = requests + excluded.requests, \
         prompt_tokens = prompt_tokens + excluded.prompt_tokens, \
         completion_tokens = completion_tokens + excluded.completion_tokens, \
         reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens, \
         bytes = bytes + excluded.bytes, \
         cost = cost + excluded.cost, \
         duration_ms = duration_ms + excluded.duration_ms, \
         max_duration_ms = MAX(max_duration_ms, excluded.max_duration_ms), \
         first_byte_ms = first_byte_ms + excluded.first_byte_ms, \
         first_bytes = first_bytes + excluded.first_bytes",
    )
});

/// [`OPERATIONS`]' `put_document` for many of them, each with its own values.
pub(super) static PUT_DOCUMENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::new(
        "INSERT INTO documents (kind, id, group_id, at_ms, expires_ms, data, revision) \
         SELECT *, 1 FROM",
        6,
        "WHERE column1 IS NOT NULL \
         ON CONFLICT (kind, id) DO UPDATE SET group_id = excluded.group_id, \
         at_ms = excluded.at_ms, expires_ms = excluded.expires_ms, data = excluded.data, \
         revision = documents.revision + 1",
    )
});

/// [`OPERATIONS`]' `delete_document` for many of them; kind and id of those that were there.
pub(super) static DELETE_DOCUMENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::new(
        "DELETE FROM documents WHERE (kind, id) IN",
        2,
        "RETURNING kind, id",
    )
});

/// Takes quota from many accounts. Binds for each row: id, used, last used at.
pub(super) static USE_QUOTA: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::new(
        "WITH used (id, units, at_ms) AS",
        3,
        "UPDATE accounts SET quota = MAX(quota - used.units, 0), \
         use_count = use_count + used.units, last_used_at_ms = used.at_ms \
         FROM used WHERE accounts.id = used.id",
    )
});

/// Applies one whole [`Patch`](crate::patch::Patch); a null (or a 0 flag) leaves the column alone.
pub(super) const PATCH_ACCOUNT: &str = "UPDATE accounts SET \
     quota = MAX(CASE WHEN ?1 AND status = 'cooling' AND cooldown_until_ms IS ?2 AND ?3 IS NOT NULL \
     THEN ?3 ELSE MAX(COALESCE(?4, quota) - ?5, 0) END - ?6, 0), \
     use_count = use_count + ?7, \
     last_used_at_ms = COALESCE(?8, last_used_at_ms), \
     status = COALESCE(?9, CASE WHEN ?1 AND status = 'cooling' AND cooldown_until_ms IS ?2 \
     THEN 'active' ELSE status END), \
     cooldown_until_ms = CASE WHEN ?10 THEN ?11 WHEN ?1 AND status = 'cooling' \
     AND cooldown_until_ms IS ?2 THEN NULL ELSE cooldown_until_ms END, \
     cooldown_reason = CASE WHEN ?10 THEN ?12 WHEN ?1 AND status = 'cooling' \
     AND cooldown_until_ms IS ?2 THEN NULL ELSE cooldown_reason END, \
     fail_count = COALESCE(?13, fail_count), \
     last_fail_at_ms = CASE WHEN ?14 THEN ?15 ELSE last_fail_at_ms END, \
     last_fail_reason = CASE WHEN ?14 THEN ?16 ELSE last_fail_reason END, \
     pool = COALESCE(?17, pool), \
     last_sync_at_ms = CASE WHEN ?18 THEN ?19 ELSE last_sync_at_ms END, \
     quota_windows = CASE WHEN ?20 THEN ?21 ELSE quota_windows END, \
     last_check_at_ms = CASE WHEN ?22 THEN ?23 ELSE last_check_at_ms END, \
     last_check = CASE WHEN ?22 THEN ?24 ELSE last_check END, \
     last_check_until_ms = CASE WHEN ?22 THEN ?25 ELSE last_check_until_ms END, \
     tags = COALESCE(?26, tags), \
     note = COALESCE(?27, note), \
     proxy = CASE WHEN ?28 THEN ?29 ELSE proxy END \
     WHERE id = ?30";

/// Binds credential, its hash, id, the hash again.
pub(super) const REPLACE_CREDENTIAL: &str = "UPDATE accounts SET credential = ?, \
     credential_hash = ? WHERE id = ? AND NOT EXISTS \
     (SELECT 1 FROM accounts AS other WHERE other.credential_hash = ? AND other.id <> accounts.id)";

/// Operations that are one statement each.
pub(super) const OPERATIONS: Statements = Statements {
    set_setting: "INSERT INTO settings (name, value) VALUES (?, ?) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    delete_setting: "DELETE FROM settings WHERE name = ?",
    create_session: "INSERT INTO sessions (id_hash, data, expires_at_ms) \
     VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
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
     ON CONFLICT (kind, id) DO UPDATE SET group_id = excluded.group_id, at_ms = excluded.at_ms, \
     expires_ms = excluded.expires_ms, data = excluded.data, revision = documents.revision + 1",
    replace_document: "UPDATE documents SET group_id = ?, at_ms = ?, \
     expires_ms = ?, data = ?, revision = revision + 1 WHERE kind = ? AND id = ? AND revision = ?",
    delete_document: "DELETE FROM documents WHERE kind = ? AND id = ?",
    delete_documents: "DELETE FROM documents WHERE rowid IN \
     (SELECT rowid FROM documents WHERE kind = ? AND group_id = ? LIMIT ?)",
    delete_documents_until: "DELETE FROM documents WHERE kind = ? AND group_id = ? \
     AND at_ms <= ? AND (at_ms < ? OR id <= ?) AND OCTET_LENGTH(data) < ?",
    sweep_documents: "DELETE FROM documents WHERE rowid IN \
     (SELECT rowid FROM documents WHERE expires_ms <= ? LIMIT ?)",
    prune_sums: "DELETE FROM request_sums \
     WHERE (span, start_ms, model, client_key, outcome) IN \
     (SELECT span, start_ms, model, client_key, outcome FROM request_sums \
     WHERE span = ? AND start_ms < ? LIMIT ?)",
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

/// Adds an account unless its id or credential is there.
pub(super) static INSERT_ACCOUNT: LazyLock<String> = LazyLock::new(|| {
    let names = ACCOUNT_COLUMNS.join(", ");
    let values = ["?"; ACCOUNT_COLUMNS.len()].join(", ");
    format!("INSERT INTO accounts ({names}) VALUES ({values}) ON CONFLICT DO NOTHING")
});

pub(super) const DELETE_ACCOUNT: &str = "DELETE FROM accounts WHERE id = ?";

/// Binds name, holder, until, now.
pub(super) const TAKE_LOCK: &str = "INSERT INTO locks (name, holder, until_ms) VALUES (?, ?, ?) \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms \
     WHERE locks.until_ms <= ?";

pub(super) const PRUNE_REQUESTS: &str = "DELETE FROM requests WHERE id IN \
     (SELECT id FROM requests WHERE (at_ms, id) < (?, ?) ORDER BY at_ms, id LIMIT ?)";

pub(super) const INSERT_MEDIA: &str = "INSERT INTO media (id, at_ms, kind, file, mime, bytes, width, \
     height, prompt, model, params, parent, account, client_key, request_id, \
     owner, poster, poster_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) const INSERT_VIDEO_JOB: &str = "INSERT INTO video_jobs (created_ms, owner, client_key, \
     request_id, status, progress, prompt, model, params, parent, account, upstream, file, poster, \
     error_code, error_message, completed_ms, expires_ms, id) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Binds the owner and how many of its jobs stay. Read from the index of owners alone.
pub(super) const CAP_VIDEO_JOBS: &str = "DELETE FROM video_jobs WHERE id IN \
     (SELECT id FROM video_jobs WHERE owner = ? ORDER BY created_ms DESC, id DESC \
     LIMIT -1 OFFSET ?) AND status NOT IN ('queued', 'in_progress')";

pub(super) const SWEEP_VIDEO_JOBS: &str = "DELETE FROM video_jobs WHERE expires_ms <= ?";

/// Binds a status and how many of its jobs stay.
pub(super) const CAP_VIDEO_JOBS_IN: &str = "DELETE FROM video_jobs WHERE rowid IN \
     (SELECT rowid FROM video_jobs WHERE status = ? ORDER BY created_ms DESC LIMIT -1 OFFSET ?)";

/// In pages that were freed, which later rows take before the file grows.
pub(super) const REUSABLE_BYTES: &str =
    "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";

/// Rows, and bytes of the average one among the newest thousand. Texts count by their length, the
/// rest (numbers, record headers, index entry, room in pages) as 110 bytes; within a fifth of the
/// pages really used by bare refusals, by usual rows and by rows with three attempts.
pub(super) const REQUESTS_SIZE: &str = "SELECT (SELECT COUNT(*) FROM requests) AS total, \
     COALESCE((SUM(bytes) + COUNT(*) - 1) / COUNT(*), 0) AS row_bytes \
     FROM (SELECT 110 + LENGTH(id) * 2 + LENGTH(endpoint) + LENGTH(attempts) \
     + COALESCE(LENGTH(client_key), 0) + COALESCE(LENGTH(client), 0) \
     + COALESCE(LENGTH(model), 0) + COALESCE(LENGTH(served_model), 0) \
     + COALESCE(LENGTH(account_id), 0) + COALESCE(LENGTH(error_code), 0) AS bytes \
     FROM requests ORDER BY at_ms DESC, id DESC LIMIT 1000)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_is_covered_by_statements_with_little_room_left() {
        for total in 1..=2_000_usize {
            let rows = vec![(); total];
            let mut covered = 0;
            for (text, chunk, nulls) in USE_QUOTA.chunks(&rows) {
                let size = text.matches("(?, ?, ?)").count();
                assert_eq!(size * 3, chunk.len() * 3 + nulls);
                assert!(size * 2 <= chunk.len() * 3, "{size} for {}", chunk.len());
                covered += chunk.len();
            }
            assert_eq!(covered, total);
        }
    }
}
