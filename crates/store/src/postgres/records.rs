//! What requests leave behind, written by one statement: rows, sums, changes of accounts, the
//! batch's mark and the news for other instances.
//!
//! Everything else waits for the mark: when the batch is stored already, nothing happens. Rows are
//! locked in the order of their keys, so that instances do not wait for each other in a circle.

use std::sync::LazyLock;

use pool::AccountId;
use sqlx::{AssertSqlSafe, Error, Executor, PgConnection, Row, query};
use uuid::Uuid;

use crate::{
    patch::Patch,
    sql::to_i64,
    writer::{Batch, BatchId},
};

use super::{
    columns::{self, bind_patches, bind_requests, bind_sums, names, unnest},
    start::now_ms,
};

/// Makes the batch's mark of these values. Changes nothing when it, or a later one, is there.
fn make_mark(values: &str) -> String {
    format!(
        "INSERT INTO batches AS b (writer, number, done, at_ms) VALUES ({values}) \
         ON CONFLICT (writer) DO UPDATE SET number = excluded.number, done = excluded.done, \
         at_ms = excluded.at_ms WHERE b.number < excluded.number RETURNING 1"
    )
}

/// Says beside the mark, which this transaction has made, what was done.
const FINISH_MARK: &str =
    "UPDATE batches SET done = $3, at_ms = $4 WHERE writer = $1 AND number = $2 RETURNING 1";

/// As [`FINISH_MARK`], with news and no records.
static FINISH: LazyLock<String> =
    LazyLock::new(|| format!("WITH mark AS ({FINISH_MARK}) {RESULT}"));
/// Rows that records and the mark share a transaction of their own.
static ALONE: LazyLock<String> = LazyLock::new(|| text(&make_mark("$1, $2, $3, $4")));
/// The end of a transaction that has begun with the mark.
static AT_THE_END: LazyLock<String> = LazyLock::new(|| text(FINISH_MARK));

/// Only the patches, of accounts that nothing else is done with.
static PATCHES: LazyLock<String> = LazyLock::new(|| {
    let patches = unnest(&columns::PATCH, 1, "p");
    format!("WITH {}, {} SELECT 1", held(&patches, "TRUE"), patched())
});

/// Changes the accounts that are `held`; columns of `a` are as they were before.
fn patched() -> String {
    const ENDED: &str = "(p.has_ended AND a.status = 'cooling' \
         AND a.cooldown_until_ms IS NOT DISTINCT FROM p.ended_until_ms)";
    format!(
        "patched AS (UPDATE accounts AS a SET \
         quota = GREATEST(CASE WHEN {ENDED} AND p.ended_quota IS NOT NULL THEN p.ended_quota \
         ELSE GREATEST(COALESCE(p.quota, a.quota) - p.ended_used, 0) END - p.used, 0), \
         use_count = a.use_count + p.uses, \
         last_used_at_ms = COALESCE(p.last_used_at_ms, a.last_used_at_ms), \
         status = COALESCE(p.status, CASE WHEN {ENDED} THEN 'active' ELSE a.status END), \
         cooldown_until_ms = CASE WHEN p.status IS NOT NULL THEN p.cooldown_until_ms \
         WHEN NOT {ENDED} THEN a.cooldown_until_ms END, \
         cooldown_reason = CASE WHEN p.status IS NOT NULL THEN p.cooldown_reason \
         WHEN NOT {ENDED} THEN a.cooldown_reason END, \
         fail_count = COALESCE(p.fail_count, a.fail_count), \
         last_fail_at_ms = CASE WHEN p.fail_count IS NULL THEN a.last_fail_at_ms ELSE p.last_fail_at_ms END, \
         last_fail_reason = CASE WHEN p.fail_count IS NULL THEN a.last_fail_reason ELSE p.last_fail_reason END, \
         pool = COALESCE(p.pool, a.pool), \
         last_sync_at_ms = CASE WHEN p.has_sync THEN p.last_sync_at_ms ELSE a.last_sync_at_ms END, \
         quota_windows = CASE WHEN p.has_windows THEN p.quota_windows ELSE a.quota_windows END, \
         last_check_at_ms = CASE WHEN p.has_check THEN p.last_check_at_ms ELSE a.last_check_at_ms END, \
         last_check = CASE WHEN p.has_check THEN p.last_check ELSE a.last_check END, \
         last_check_until_ms = CASE WHEN p.has_check THEN p.last_check_until_ms ELSE a.last_check_until_ms END, \
         tags = COALESCE(p.tags, a.tags), \
         note = COALESCE(p.note, a.note), \
         proxy = CASE WHEN p.has_proxy THEN p.proxy ELSE a.proxy END \
         FROM held AS p WHERE a.id = p.id)"
    )
}

const ADDED_SUMS: &str = "ON CONFLICT (span, start_ms, model, client_key, outcome, part) \
     DO UPDATE SET requests = s.requests + excluded.requests, \
     prompt_tokens = s.prompt_tokens + excluded.prompt_tokens, \
     completion_tokens = s.completion_tokens + excluded.completion_tokens, \
     reasoning_tokens = s.reasoning_tokens + excluded.reasoning_tokens, \
     bytes = s.bytes + excluded.bytes, \
     cost = s.cost + excluded.cost, \
     duration_ms = s.duration_ms + excluded.duration_ms, \
     max_duration_ms = GREATEST(s.max_duration_ms, excluded.max_duration_ms), \
     first_byte_ms = s.first_byte_ms + excluded.first_byte_ms, \
     first_bytes = s.first_bytes + excluded.first_bytes";

/// Tells the news on the way, on the channel of [`CHANNEL`](super::news::CHANNEL).
const RESULT: &str = "SELECT (SELECT COUNT(*) FROM mark) AS marked, \
     (SELECT COUNT(pg_notify('grok2api', news)) FROM UNNEST($5::text[]) AS news \
     WHERE EXISTS (SELECT FROM mark)) AS told";

/// The accounts that are patched, locked in order.
fn held(patches: &str, only_if: &str) -> String {
    format!(
        "held AS (SELECT p.* FROM {patches} JOIN accounts AS locked ON locked.id = p.id \
         WHERE {only_if} ORDER BY p.id COLLATE \"C\" FOR UPDATE OF locked)"
    )
}

/// Binds writer, number, what was done, now, news, part of the sums, then requests, sums and
/// patches.
fn text(mark: &str) -> String {
    const BEFORE: usize = 6;
    const MARKED: &str = "EXISTS (SELECT FROM mark)";
    let requests = unnest(&columns::REQUEST, BEFORE + 1, "r");
    let first_sum = BEFORE + 1 + columns::REQUEST.len();
    let sums = unnest(&columns::SUM, first_sum, "n");
    let patches = unnest(&columns::PATCH, first_sum + columns::SUM.len(), "p");
    format!(
        "WITH mark AS ({mark}), \
         new_requests AS (INSERT INTO requests ({request_names}) \
         SELECT r.* FROM {requests} WHERE {MARKED}), \
         new_sums AS (INSERT INTO request_sums AS s ({sum_names}, part) \
         SELECT n.*, $6::smallint FROM {sums} WHERE {MARKED} {ADDED_SUMS}), \
         {held}, {patched} {RESULT}",
        request_names = names(&columns::REQUEST),
        sum_names = names(&columns::SUM),
        held = held(&patches, MARKED),
        patched = patched(),
    )
}

/// When records are written.
pub(super) enum Place {
    /// In a transaction of their own: this also makes the mark.
    Alone,
    /// At the end of a transaction that has begun with [`begin`].
    AtTheEnd,
}

/// Writes what records of a batch leave behind. `false`: the batch is stored already, and nothing
/// was done.
pub(super) async fn write(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
    (instance, news): (Uuid, Vec<String>),
    done: &str,
    place: Place,
) -> Result<bool, Error> {
    let patches: Vec<_> = batch
        .patches
        .iter()
        .map(|(id, patch)| (*id, patch))
        .collect();
    let is_empty = batch.requests.is_empty() && batch.sums.is_empty() && patches.is_empty();
    let (text, has_records) = match place {
        Place::Alone => (&ALONE, true),
        Place::AtTheEnd if is_empty => (&FINISH, false),
        Place::AtTheEnd => (&AT_THE_END, true),
    };
    // The text consists of our own constants.
    let mut statement = query(AssertSqlSafe(text.as_str()))
        .bind(writer(batch.id))
        .bind(to_i64(batch.id.number))
        .bind(done)
        .bind(now_ms())
        .bind(news);
    if has_records {
        statement = bind_requests(statement.bind(part(instance)), &batch.requests);
        statement = bind_sums(statement, &batch.sums);
        statement = bind_patches(statement, &patches);
    }
    let row = statement.fetch_one(connection).await?;
    Ok(row.try_get::<i64, _>("marked")? > 0)
}

/// Which of 16 rows of a sum an instance adds to.
fn part(instance: Uuid) -> i16 {
    i16::from(instance.as_bytes()[15] & 0xf)
}

/// Begins a transaction with the batch's mark, in one piece. `false`: the batch is stored already.
pub(super) async fn begin(connection: &mut PgConnection, id: BatchId) -> Result<bool, Error> {
    let (writer, number, now_ms) = (writer(id), to_i64(id.number), now_ms());
    let mark = make_mark(&format!("'{writer}', {number}, '[]', {now_ms}"));
    // The text consists of our own constants, numbers and hexadecimal digits.
    let begin = AssertSqlSafe(format!("BEGIN; {mark}"));
    Ok(connection.fetch_optional(begin).await?.is_some())
}

/// The name of a writer in the table.
fn writer(id: BatchId) -> String {
    id.writer.simple().to_string()
}

/// What the batch did whose mark is stored.
pub(super) async fn done_by(connection: &mut PgConnection, id: BatchId) -> Result<String, Error> {
    let find = query("SELECT done FROM batches WHERE writer = $1 AND number = $2")
        .bind(writer(id))
        .bind(to_i64(id.number));
    let row = find.fetch_optional(connection).await?;
    row.map_or_else(|| Ok(String::new()), |row| row.try_get(0))
}

/// Changes one account.
pub(super) async fn apply_patch(
    connection: &mut PgConnection,
    id: &AccountId,
    patch: &Patch,
) -> Result<(), Error> {
    let patches = [(id, patch)];
    let statement = bind_patches(query(AssertSqlSafe(PATCHES.as_str())), &patches);
    statement.execute(connection).await.map(drop)
}
