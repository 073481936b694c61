//! Between rows and Rust types.

use sqlx::{Error, Row, Sqlite, query::Query, sqlite::SqliteArguments, sqlite::SqliteRow};

use crate::{
    MediaKind, MediaRow, Poster, RequestRow, Span, SumRow, Totals,
    account::AccountRow,
    request::{StoredRequest, read_attempts, read_outcome},
    sums::SumKey,
};

pub(super) type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

pub(super) fn bind_account<'q>(statement: Statement<'q>, account: &'q AccountRow) -> Statement<'q> {
    statement
        .bind(&account.id)
        .bind(&account.credential)
        .bind(&account.credential_hash)
        .bind(&account.tier)
        .bind(&account.status)
        .bind(account.quota)
        .bind(account.created_at_ms)
        .bind(account.last_used_at_ms)
        .bind(to_i64(account.use_count))
        .bind(account.fail_count)
        .bind(account.last_fail_at_ms)
        .bind(&account.last_fail_reason)
        .bind(account.last_sync_at_ms)
        .bind(account.cooldown_until_ms)
        .bind(&account.cooldown_reason)
        .bind(&account.tags)
        .bind(&account.note)
        .bind(account.last_asset_clear_at_ms)
        .bind(&account.quota_windows)
        .bind(account.last_check_at_ms)
        .bind(&account.last_check)
        .bind(account.last_check_until_ms)
        .bind(&account.proxy)
}

/// By the places of [`ACCOUNT_COLUMNS`](super::statements::ACCOUNT_COLUMNS): names would be looked up for
/// each of a million rows.
pub(super) fn read_account(row: &SqliteRow) -> Result<AccountRow, Error> {
    Ok(AccountRow {
        id: row.try_get(0)?,
        credential: row.try_get(1)?,
        credential_hash: row.try_get(2)?,
        tier: row.try_get(3)?,
        status: row.try_get(4)?,
        quota: to_u32(row.try_get(5)?),
        created_at_ms: row.try_get(6)?,
        last_used_at_ms: row.try_get(7)?,
        use_count: to_u64(row.try_get(8)?),
        fail_count: to_u32(row.try_get(9)?),
        last_fail_at_ms: row.try_get(10)?,
        last_fail_reason: row.try_get(11)?,
        last_sync_at_ms: row.try_get(12)?,
        cooldown_until_ms: row.try_get(13)?,
        cooldown_reason: row.try_get(14)?,
        tags: row.try_get(15)?,
        note: row.try_get(16)?,
        last_asset_clear_at_ms: row.try_get(17)?,
        quota_windows: row.try_get(18)?,
        last_check_at_ms: row.try_get(19)?,
        last_check: row.try_get(20)?,
        last_check_until_ms: row.try_get(21)?,
        proxy: row.try_get(22)?,
    })
}

pub(super) fn bind_request<'q>(
    statement: Statement<'q>,
    request: &'q StoredRequest,
) -> Statement<'q> {
    let StoredRequest { row, attempts } = request;
    statement
        .bind(&row.id)
        .bind(row.at_ms)
        .bind(&row.endpoint)
        .bind(row.stream)
        .bind(&row.key)
        .bind(&row.client)
        .bind(&row.model)
        .bind(&row.served_model)
        .bind(&row.account_id)
        .bind(&row.account)
        .bind(attempts)
        .bind(row.status)
        .bind(row.outcome.as_str())
        .bind(&row.error_code)
        .bind(row.first_byte_ms.map(to_i64))
        .bind(to_i64(row.duration_ms))
        .bind(to_i64(row.bytes))
        .bind(to_i64(row.prompt_tokens))
        .bind(to_i64(row.completion_tokens))
        .bind(to_i64(row.reasoning_tokens))
        .bind(row.estimated)
        .bind(row.cost)
}

pub(super) fn read_request(row: &SqliteRow) -> Result<RequestRow, Error> {
    let count = |column| row.try_get::<i64, _>(column).map(to_u64);
    let flag = |column| row.try_get::<i64, _>(column).map(|value| value != 0);
    let id: String = row.try_get("id")?;
    Ok(RequestRow {
        at_ms: row.try_get("at_ms")?,
        endpoint: row.try_get("endpoint")?,
        stream: flag("stream")?,
        key: row.try_get("client_key")?,
        client: row.try_get("client")?,
        model: row.try_get("model")?,
        served_model: row.try_get("served_model")?,
        account_id: row.try_get("account_id")?,
        account: row.try_get("account")?,
        attempts: read_attempts(&id, row.try_get("attempts")?),
        status: u16::try_from(row.try_get::<i64, _>("status")?).unwrap_or_default(),
        outcome: read_outcome(row.try_get("outcome")?),
        error_code: row.try_get("error_code")?,
        first_byte_ms: row.try_get::<Option<i64>, _>("first_byte_ms")?.map(to_u64),
        duration_ms: count("duration_ms")?,
        bytes: count("bytes")?,
        prompt_tokens: count("prompt_tokens")?,
        completion_tokens: count("completion_tokens")?,
        reasoning_tokens: count("reasoning_tokens")?,
        estimated: flag("estimated")?,
        cost: to_u32(row.try_get("cost")?),
        id,
    })
}

pub(super) fn bind_sum<'q>(
    statement: Statement<'q>,
    (key, totals): &'q (SumKey<'_>, Totals),
) -> Statement<'q> {
    statement
        .bind(key.span.as_str())
        .bind(key.start_ms)
        .bind(key.model)
        .bind(key.key)
        .bind(key.outcome.as_str())
        .bind(to_i64(totals.requests))
        .bind(to_i64(totals.prompt_tokens))
        .bind(to_i64(totals.completion_tokens))
        .bind(to_i64(totals.reasoning_tokens))
        .bind(to_i64(totals.bytes))
        .bind(to_i64(totals.cost))
        .bind(to_i64(totals.duration_ms))
        .bind(to_i64(totals.max_duration_ms))
        .bind(to_i64(totals.first_byte_ms))
        .bind(to_i64(totals.first_bytes))
}

pub(super) fn read_sum(row: &SqliteRow, span: Span) -> Result<SumRow, Error> {
    let count = |column| row.try_get::<i64, _>(column).map(to_u64);
    Ok(SumRow {
        span,
        start_ms: row.try_get("start_ms")?,
        model: row.try_get("model")?,
        key: row.try_get("client_key")?,
        outcome: read_outcome(row.try_get("outcome")?),
        totals: Totals {
            requests: count("requests")?,
            prompt_tokens: count("prompt_tokens")?,
            completion_tokens: count("completion_tokens")?,
            reasoning_tokens: count("reasoning_tokens")?,
            bytes: count("bytes")?,
            cost: count("cost")?,
            duration_ms: count("duration_ms")?,
            max_duration_ms: count("max_duration_ms")?,
            first_byte_ms: count("first_byte_ms")?,
            first_bytes: count("first_bytes")?,
        },
    })
}

pub(super) fn bind_media<'q>(statement: Statement<'q>, row: &'q MediaRow) -> Statement<'q> {
    statement
        .bind(&row.id)
        .bind(row.at_ms)
        .bind(row.kind.as_str())
        .bind(&row.file)
        .bind(&row.mime)
        .bind(to_i64(row.bytes))
        .bind(row.width)
        .bind(row.height)
        .bind(&row.prompt)
        .bind(&row.model)
        .bind(&row.params)
        .bind(&row.parent)
        .bind(&row.account)
        .bind(&row.key)
        .bind(&row.request_id)
        .bind(&row.owner)
        .bind(row.poster.as_ref().map(|poster| &poster.file))
        .bind(row.poster.as_ref().map_or(0, |poster| to_i64(poster.bytes)))
}

pub(super) fn read_media(row: &SqliteRow) -> Result<MediaRow, Error> {
    let kind = read_media_kind(row.try_get("kind")?)?;
    let poster_bytes = to_u64(row.try_get("poster_bytes")?);
    let poster = row.try_get::<Option<String>, _>("poster")?;
    Ok(MediaRow {
        poster: poster.map(|file| Poster {
            file,
            bytes: poster_bytes,
        }),
        id: row.try_get("id")?,
        at_ms: row.try_get("at_ms")?,
        kind,
        file: row.try_get("file")?,
        mime: row.try_get("mime")?,
        bytes: to_u64(row.try_get("bytes")?),
        width: to_u32(row.try_get("width")?),
        height: to_u32(row.try_get("height")?),
        prompt: row.try_get("prompt")?,
        model: row.try_get("model")?,
        params: row.try_get("params")?,
        parent: row.try_get("parent")?,
        account: row.try_get("account")?,
        owner: row.try_get("owner")?,
        key: row.try_get("client_key")?,
        request_id: row.try_get("request_id")?,
    })
}

pub(super) fn read_media_kind(name: &str) -> Result<MediaKind, Error> {
    MediaKind::from_name(name).ok_or_else(|| Error::ColumnDecode {
        index: "kind".to_owned(),
        source: format!("`{name}` is no kind of media").into(),
    })
}

/// Counters are `BIGINT`; a value beyond it stays at the largest.
pub(super) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn to_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn to_u32(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}
