//! Statements that engines spell differently, and multi-row statements.
//!
//! SQLite's spelling: scalar `MAX(a, b)` (elsewhere `GREATEST`), `UPDATE … FROM` a `VALUES` list,
//! `ON CONFLICT`.

use std::sync::LazyLock;

/// Rows of the largest multi-row statement: 2^9. With 16 columns it binds 8,192 values, well below
/// the least limit of the engines (SQLite 32,766).
const LARGEST_POWER: u32 = 9;

/// One statement in sizes of 1, 2, 4 … 512 rows, so that a group of any size needs few statements
/// and all of them stay prepared.
pub(crate) struct MultiRow {
    texts: Vec<String>,
}

impl MultiRow {
    fn new(head: &str, row: &str, tail: &str) -> Self {
        let text = |power| format!("{head} {}{tail}", vec![row; 1_usize << power].join(", "));
        Self {
            texts: (0..=LARGEST_POWER).map(text).collect(),
        }
    }

    /// The largest statement that takes at most `rows` rows (at least 1), and how many it takes.
    pub(crate) fn largest(&'static self, rows: usize) -> (&'static str, usize) {
        let power = rows.checked_ilog2().unwrap_or(0).min(LARGEST_POWER) as usize;
        (self.texts.get(power).map_or("", String::as_str), 1 << power)
    }
}

/// Binds for each row: the 16 columns in this order.
pub(crate) static INSERT_USAGE: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::new(
        "INSERT INTO usage_log (id, at_ms, account_id, client_key, model, endpoint, stream, \
         status, error_code, prompt_tokens, completion_tokens, reasoning_tokens, estimated, cost, \
         ttft_ms, duration_ms) VALUES",
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "",
    )
});

/// Takes quota from many accounts. Binds for each row: id, used, last used at.
pub(crate) static USE_QUOTA: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::new(
        "WITH used (id, units, at_ms) AS (VALUES",
        "(?, ?, ?)",
        ") UPDATE accounts SET quota = MAX(quota - used.units, 0), \
         use_count = use_count + used.units, last_used_at_ms = used.at_ms \
         FROM used WHERE accounts.id = used.id",
    )
});

/// Applies one whole [`Patch`](crate::patch::Patch); a null (or a 0 flag) leaves the column alone.
pub(crate) const PATCH_ACCOUNT: &str = "UPDATE accounts SET \
     quota = MAX(COALESCE(?, quota) - ?, 0), \
     use_count = use_count + ?, \
     last_used_at_ms = COALESCE(?, last_used_at_ms), \
     status = COALESCE(?, status), \
     cooldown_until_ms = CASE WHEN ? = 1 THEN ? ELSE cooldown_until_ms END, \
     cooldown_reason = CASE WHEN ? = 1 THEN ? ELSE cooldown_reason END, \
     fail_count = COALESCE(?, fail_count), \
     last_fail_at_ms = CASE WHEN ? = 1 THEN ? ELSE last_fail_at_ms END, \
     last_fail_reason = CASE WHEN ? = 1 THEN ? ELSE last_fail_reason END, \
     pool = COALESCE(?, pool), \
     last_sync_at_ms = COALESCE(?, last_sync_at_ms) \
     WHERE id = ?";

/// Adds an account unless its id or credential is there.
pub(crate) const INSERT_ACCOUNT: &str = "INSERT INTO accounts (id, credential, credential_hash, \
     pool, status, quota, created_at_ms, last_used_at_ms, use_count, fail_count, last_fail_at_ms, \
     last_fail_reason, last_sync_at_ms, cooldown_until_ms, cooldown_reason, tags, note, \
     last_asset_clear_at_ms) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

pub(crate) const SET_SETTING: &str = "INSERT INTO settings (name, value) VALUES (?, ?) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

pub(crate) const CREATE_SESSION: &str = "INSERT INTO sessions (id_hash, data, expires_at_ms) \
     VALUES (?, ?, ?) ON CONFLICT DO NOTHING";

pub(crate) const SAVE_SESSION: &str = "INSERT INTO sessions (id_hash, data, expires_at_ms) \
     VALUES (?, ?, ?) ON CONFLICT (id_hash) DO UPDATE SET data = excluded.data, \
     expires_at_ms = excluded.expires_at_ms";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_splits_into_at_most_ten_statements_up_to_a_full_group() {
        for total in 1..=512_usize {
            let (mut left, mut statements) = (total, 0);
            while left > 0 {
                let (text, rows) = USE_QUOTA.largest(left);
                assert_eq!(text.matches("(?, ?, ?)").count(), rows);
                left -= rows;
                statements += 1;
            }
            assert!(
                statements <= 10,
                "{total} rows took {statements} statements"
            );
        }
    }
}
