//! Statements for many rows at once.

use sqlx::{AssertSqlSafe, query};

use super::dialect::Statement;

/// Rows of a statement. There are few sizes, so that all of them stay prepared on both sides, and
/// the largest one keeps a prepared statement below a megabyte of the server's memory.
const SIZES: [usize; 14] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128];
const LARGEST: usize = 128;

/// One statement for many rows: a head, a group of placeholders for each row, and a tail.
pub(super) struct MultiRow {
    head: &'static str,
    row: &'static str,
    between: &'static str,
    tail: &'static str,
}

impl MultiRow {
    /// Splits rows into pieces that have a size of a statement and at most `limit` bytes, though at
    /// least one row.
    pub(super) fn pieces<T>(rows: &[T], limit: usize, bytes: impl Fn(&T) -> usize) -> Vec<&[T]> {
        let mut pieces = Vec::new();
        let mut rest = rows;
        while !rest.is_empty() {
            let mut sum = 0;
            let fits = rest.iter().take(LARGEST).take_while(|row| {
                sum += bytes(row);
                sum <= limit
            });
            let count = fits.count().max(1);
            let size = SIZES.into_iter().rfind(|size| *size <= count);
            let (piece, others) = rest.split_at(size.unwrap_or(1));
            pieces.push(piece);
            rest = others;
        }
        pieces
    }

    /// The statement for so many rows.
    pub(super) fn statement<'q>(&self, rows: usize) -> Statement<'q> {
        let rows = vec![self.row; rows].join(self.between);
        // The text consists of our own constants.
        query(AssertSqlSafe(format!("{}{rows}{}", self.head, self.tail)))
    }

    /// The statement about some texts, filled up with nulls; at most [`Self::LARGEST`].
    pub(super) fn about<'q>(&self, texts: impl ExactSizeIterator<Item = &'q str>) -> Statement<'q> {
        let size = Self::size_for(texts.len());
        let nulls = size - texts.len();
        let statement = texts.fold(self.statement(size), Statement::bind);
        (0..nulls).fold(statement, |statement, _| statement.bind(None::<&str>))
    }

    /// The smallest size of a statement that takes so many rows.
    pub(super) fn size_for(rows: usize) -> usize {
        let size = SIZES.into_iter().find(|size| *size >= rows);
        size.unwrap_or(LARGEST)
    }

    /// The largest number of rows of a statement.
    pub(super) const LARGEST: usize = LARGEST;
}

pub(super) const INSERT_REQUESTS: MultiRow = MultiRow {
    head: "INSERT INTO requests (id, at_ms, endpoint, stream, client_key, client, model, \
         served_model, account_id, account, attempts, status, outcome, error_code, first_byte_ms, \
         duration_ms, bytes, prompt_tokens, completion_tokens, reasoning_tokens, estimated, cost, \
         failed_at_ms) VALUES ",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    between: ", ",
    tail: "",
};

pub(super) const ADD_SUMS: MultiRow = MultiRow {
    head: "INSERT INTO request_sums (span, start_ms, model, client_key, outcome, requests, \
         prompt_tokens, completion_tokens, reasoning_tokens, bytes, cost, duration_ms, \
         max_duration_ms, first_byte_ms, first_bytes) VALUES ",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    between: ", ",
    tail: " ON DUPLICATE KEY UPDATE \
         requests = requests + VALUES(requests), \
         prompt_tokens = prompt_tokens + VALUES(prompt_tokens), \
         completion_tokens = completion_tokens + VALUES(completion_tokens), \
         reasoning_tokens = reasoning_tokens + VALUES(reasoning_tokens), \
         bytes = bytes + VALUES(bytes), \
         cost = cost + VALUES(cost), \
         duration_ms = duration_ms + VALUES(duration_ms), \
         max_duration_ms = GREATEST(max_duration_ms, VALUES(max_duration_ms)), \
         first_byte_ms = first_byte_ms + VALUES(first_byte_ms), \
         first_bytes = first_bytes + VALUES(first_bytes)",
};

/// Takes quota from many accounts, in the order of their ids. Binds for each row: id, units, used
/// at; rows of nulls change nothing. The types are spelt out because a placeholder has none.
pub(super) const USE_QUOTA: MultiRow = MultiRow {
    head: "UPDATE (",
    row: "SELECT CAST(? AS CHAR(191)) AS id, CAST(? AS SIGNED) AS units, CAST(? AS SIGNED) AS at_ms",
    between: " UNION ALL ",
    tail: ") AS used STRAIGHT_JOIN accounts ON accounts.id = used.id SET \
         accounts.quota = GREATEST(accounts.quota - used.units, 0), \
         accounts.use_count = accounts.use_count + used.units, \
         accounts.last_used_at_ms = used.at_ms",
};

/// Those of [`ACCOUNT_COLUMNS`](crate::sql::ACCOUNT_COLUMNS).
macro_rules! account_columns {
    () => {
        "id, credential, credential_hash, pool, status, quota, created_at_ms, last_used_at_ms, \
         use_count, fail_count, last_fail_at_ms, last_fail_reason, last_sync_at_ms, \
         cooldown_until_ms, cooldown_reason, tags, note, last_asset_clear_at_ms, quota_windows, \
         last_check_at_ms, last_check, last_check_until_ms, proxy"
    };
}

/// Fails when an id or a credential is there.
pub(super) const INSERT_ACCOUNTS: MultiRow = MultiRow {
    head: concat!("INSERT INTO accounts (", account_columns!(), ") VALUES "),
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    between: ", ",
    tail: "",
};

/// Deletes accounts by id; nulls are none.
pub(super) const DELETE_ACCOUNTS: MultiRow = MultiRow {
    head: "DELETE FROM accounts WHERE id IN (",
    row: "?",
    between: ", ",
    tail: ")",
};

/// Accounts by id; nulls are none.
pub(super) const SOME_ACCOUNTS: MultiRow = MultiRow {
    head: concat!(
        "SELECT ",
        account_columns!(),
        " FROM accounts WHERE id IN ("
    ),
    row: "?",
    between: ", ",
    tail: ")",
};

/// Which of these ids are taken; nulls are none.
pub(super) const TAKEN_IDS: MultiRow = MultiRow {
    head: "SELECT id FROM accounts WHERE id IN (",
    row: "?",
    between: ", ",
    tail: ")",
};

/// Which of these credentials are taken, as hashes; nulls are none.
pub(super) const TAKEN_CREDENTIALS: MultiRow = MultiRow {
    head: "SELECT credential_hash FROM accounts WHERE credential_hash IN (",
    row: "?",
    between: ", ",
    tail: ")",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_is_split_into_few_statements() {
        for total in 1..=1_000_usize {
            let rows = vec![1_usize; total];
            let pieces = MultiRow::pieces(&rows, usize::MAX, |row| *row);
            assert_eq!(pieces.iter().map(|piece| piece.len()).sum::<usize>(), total);
            assert!(pieces.iter().all(|piece| SIZES.contains(&piece.len())));
            assert!(pieces.len() <= total / LARGEST + 4, "{total}");
        }
    }

    #[test]
    fn a_statement_has_no_more_bytes_than_the_server_takes_unless_one_row_does() {
        let rows = [40_usize, 40, 40, 200, 10, 10];
        let pieces = MultiRow::pieces(&rows, 100, |row| *row);
        let expected: [&[usize]; 4] = [&[40, 40], &[40], &[200], &[10, 10]];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn accounts_are_written_and_read_in_one_order_of_columns() {
        let columns = crate::sql::ACCOUNT_COLUMNS.join(", ");
        assert_eq!(account_columns!(), columns);
        assert_eq!(
            INSERT_ACCOUNTS.row.matches('?').count(),
            columns.split(", ").count()
        );
    }

    #[test]
    fn rows_are_filled_up_to_the_next_size() {
        let of = [1, 5, 7, 97, 128].map(MultiRow::size_for);
        assert_eq!(of, [1, 6, 8, 128, 128]);
    }
}
