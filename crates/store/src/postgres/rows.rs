//! Between rows and Rust types.

use std::borrow::Cow;

use sqlx::{
    Error, Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{
    MediaKind, MediaRow, Poster, RequestRow, Span, SumRow, Totals,
    account::AccountRow,
    request::{read_attempts, read_outcome},
};

pub(super) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A text as it is stored: PostgreSQL has no U+0000.
pub(super) fn text(value: &str) -> Cow<'_, str> {
    match value.contains('\0') {
        true => Cow::Owned(value.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(value),
    }
}

/// Reads the columns of [`ACCOUNT`](super::columns::ACCOUNT) by their places: there may be a million
/// rows.
pub(super) fn read_account(row: &PgRow) -> Result<AccountRow, Error> {
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

pub(super) fn read_request(row: &PgRow) -> Result<RequestRow, Error> {
    let count = |column| row.try_get::<i64, _>(column).map(to_u64);
    let id: String = row.try_get("id")?;
    Ok(RequestRow {
        at_ms: row.try_get("at_ms")?,
        endpoint: row.try_get("endpoint")?,
        stream: row.try_get("stream")?,
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
        estimated: row.try_get("estimated")?,
        cost: to_u32(row.try_get("cost")?),
        id,
    })
}

pub(super) fn read_sum(row: &PgRow, span: Span) -> Result<SumRow, Error> {
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
    let poster = row.poster.as_ref();
    statement
        .bind(text(&row.id))
        .bind(row.at_ms)
        .bind(row.kind.as_str())
        .bind(text(&row.file))
        .bind(text(&row.mime))
        .bind(to_i64(row.bytes))
        .bind(i64::from(row.width))
        .bind(i64::from(row.height))
        .bind(text(&row.prompt))
        .bind(text(&row.model))
        .bind(text(&row.params))
        .bind(row.parent.as_deref().map(text))
        .bind(text(&row.account))
        .bind(row.key.as_deref().map(text))
        .bind(text(&row.request_id))
        .bind(text(&row.owner))
        .bind(poster.map(|poster| text(&poster.file)))
        .bind(poster.map_or(0, |poster| to_i64(poster.bytes)))
}

pub(super) fn read_media(row: &PgRow) -> Result<MediaRow, Error> {
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

/// Reads all rows, or fails with the first that cannot be read.
pub(super) fn read_all<T>(
    rows: &[PgRow],
    read: impl Fn(&PgRow) -> Result<T, Error>,
) -> Result<Vec<T>, crate::StoreError> {
    let rows: Result<_, _> = rows.iter().map(read).collect();
    rows.map_err(super::error::failed)
}

/// Counters are `BIGINT`; a value beyond it stays at the largest.
pub(super) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn to_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

pub(super) fn to_u32(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}
