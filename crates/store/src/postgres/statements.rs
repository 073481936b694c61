//! Statements of operations. Those of records are in `records`.

use std::sync::LazyLock;

use crate::sql::Statements;

use super::columns::{ACCOUNT, names, unnest};

/// Adds accounts unless their id or credential is there; answers the ids of those added.
pub(super) static INSERT_ACCOUNTS: LazyLock<String> = LazyLock::new(|| {
    let (names, rows) = (names(&ACCOUNT), unnest(&ACCOUNT, 1, "n"));
    format!(
        "INSERT INTO accounts ({names}) SELECT n.* FROM {rows} ON CONFLICT DO NOTHING RETURNING id"
    )
});

/// Binds credential, its hash, id.
pub(super) const REPLACE_CREDENTIAL: &str = "UPDATE accounts AS a SET credential = $1, \
     credential_hash = $2 WHERE id = $3 AND NOT EXISTS \
     (SELECT 1 FROM accounts AS other WHERE other.credential_hash = $2 AND other.id <> a.id)";

/// In the order in which others change them.
pub(super) const DELETE_ACCOUNTS: &str = "DELETE FROM accounts WHERE id IN \
     (SELECT id FROM accounts WHERE id = ANY($1) ORDER BY id FOR UPDATE)";

/// Operations that are one statement each.
pub(super) const OPERATIONS: Statements = Statements {
    set_setting: "INSERT INTO settings (name, value) VALUES ($1, $2) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    delete_setting: "DELETE FROM settings WHERE name = $1",
    create_session: "INSERT INTO sessions (id_hash, data, expires_at_ms) \
     VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    save_session: "UPDATE sessions SET data = $1, expires_at_ms = $2 WHERE id_hash = $3",
    touch_session: "UPDATE sessions SET expires_at_ms = $1 WHERE id_hash = $2",
    delete_session: "DELETE FROM sessions WHERE id_hash = $1",
    delete_all_sessions: "DELETE FROM sessions",
    sweep_sessions: "DELETE FROM sessions WHERE expires_at_ms <= $1",
    renew_lock: "UPDATE locks SET until_ms = $1 WHERE name = $2 AND holder = $3 AND until_ms > $4",
    release_lock: "DELETE FROM locks WHERE name = $1 AND holder = $2",
    update_video_job: "UPDATE video_jobs SET created_ms = $1, owner = $2, \
     client_key = $3, request_id = $4, status = $5, progress = $6, prompt = $7, model = $8, \
     params = $9, parent = $10, account = $11, upstream = $12, file = $13, poster = $14, \
     error_code = $15, error_message = $16, completed_ms = $17, expires_ms = $18 WHERE id = $19",
    delete_video_job: "DELETE FROM video_jobs WHERE id = $1",
    put_document: "INSERT INTO documents (kind, id, group_id, at_ms, expires_ms, \
     data, revision) VALUES ($1, $2, $3, $4, $5, $6, 1) \
     ON CONFLICT (kind, id) DO UPDATE SET group_id = excluded.group_id, at_ms = excluded.at_ms, \
     expires_ms = excluded.expires_ms, data = excluded.data, revision = documents.revision + 1",
    replace_document: "UPDATE documents SET group_id = $1, at_ms = $2, \
     expires_ms = $3, data = $4, revision = revision + 1 \
     WHERE kind = $5 AND id = $6 AND revision = $7",
    delete_document: "DELETE FROM documents WHERE kind = $1 AND id = $2",
    delete_documents: "DELETE FROM documents WHERE (kind, id) IN \
     (SELECT kind, id FROM documents WHERE kind = $1 AND group_id = $2 LIMIT $3)",
    delete_documents_until: "DELETE FROM documents WHERE kind = $1 AND group_id = $2 \
     AND at_ms <= $3 AND (at_ms < $4 OR id <= $5) AND OCTET_LENGTH(data) < $6",
    sweep_documents: "DELETE FROM documents WHERE (kind, id) IN \
     (SELECT kind, id FROM documents WHERE expires_ms <= $1 LIMIT $2)",
    prune_sums: "DELETE FROM request_sums \
     WHERE (span, start_ms, model, client_key, outcome, part) IN \
     (SELECT span, start_ms, model, client_key, outcome, part FROM request_sums \
     WHERE span = $1 AND start_ms < $2 LIMIT $3)",
};

/// Binds name, holder, until, now.
pub(super) const TAKE_LOCK: &str = "INSERT INTO locks (name, holder, until_ms) VALUES ($1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms \
     WHERE locks.until_ms <= $4";

pub(super) const PRUNE_REQUESTS: &str = "DELETE FROM requests WHERE id IN \
     (SELECT id FROM requests WHERE (at_ms, id) < ($1, $2) ORDER BY at_ms, id LIMIT $3)";

/// Of two instances that delete rows of one file at once, one has to see what the other has left:
/// they do it one after the other, and not while somebody adds such a row. The number means nothing.
pub(super) const LOCK_MEDIA: &str = "SELECT pg_advisory_xact_lock(7236015412894530001)";
pub(super) const SHARE_MEDIA: &str = "SELECT pg_advisory_xact_lock_shared(7236015412894530001)";

pub(super) const INSERT_MEDIA: &str = "INSERT INTO media (id, at_ms, kind, file, mime, bytes, width, \
     height, prompt, model, params, parent, account, client_key, request_id, owner, poster, \
     poster_bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
     $17, $18)";

/// Those rows of these ids that this owner has; a null stands for any owner.
pub(super) const DELETE_MEDIA: &str = "DELETE FROM media WHERE id = ANY($1) \
     AND owner = COALESCE($2, owner) RETURNING id, kind, file, poster";

pub(super) const DELETE_MEDIA_OF: &str = "DELETE FROM media WHERE file = ANY($1) RETURNING poster";

pub(super) const INSERT_VIDEO_JOB: &str = "INSERT INTO video_jobs (created_ms, owner, client_key, \
     request_id, status, progress, prompt, model, params, parent, account, upstream, file, poster, \
     error_code, error_message, completed_ms, expires_ms, id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";

pub(super) const DELETE_VIDEO_JOBS: &str = "DELETE FROM video_jobs WHERE id = ANY($1)";

pub(super) const DELETE_VIDEO_JOBS_OF: &str = "DELETE FROM video_jobs WHERE file = ANY($1)";

/// Binds the owner and how many of its jobs stay. Read from the index of owners alone.
pub(super) const CAP_VIDEO_JOBS: &str = "DELETE FROM video_jobs WHERE id IN \
     (SELECT id FROM video_jobs WHERE owner = $1 ORDER BY created_ms DESC, id DESC OFFSET $2) \
     AND status NOT IN ('queued', 'in_progress')";

pub(super) const SWEEP_VIDEO_JOBS: &str = "DELETE FROM video_jobs WHERE expires_ms <= $1";

/// Binds a status and how many of its jobs stay.
pub(super) const CAP_VIDEO_JOBS_IN: &str = "DELETE FROM video_jobs WHERE id IN \
     (SELECT id FROM video_jobs WHERE status = $1 ORDER BY created_ms DESC OFFSET $2)";

/// Rows, and bytes of the average one among the newest thousand. Texts count by their length, the
/// rest (numbers, row headers, entries of three indexes) as 200 bytes.
pub(super) const REQUESTS_SIZE: &str = "SELECT (SELECT COUNT(*) FROM requests) AS total, \
     (SELECT COALESCE(CEIL(AVG(200 + OCTET_LENGTH(id) * 3 + OCTET_LENGTH(endpoint) \
     + OCTET_LENGTH(attempts) + COALESCE(OCTET_LENGTH(client_key), 0) \
     + COALESCE(OCTET_LENGTH(client), 0) + COALESCE(OCTET_LENGTH(model), 0) \
     + COALESCE(OCTET_LENGTH(served_model), 0) + COALESCE(OCTET_LENGTH(account_id), 0) \
     + COALESCE(OCTET_LENGTH(error_code), 0))), 0)::bigint \
     FROM (SELECT * FROM requests ORDER BY at_ms DESC, id DESC LIMIT 1000) AS newest) AS row_bytes";
