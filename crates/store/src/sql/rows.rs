//! Between rows of accounts, requests, sums and media and Rust types.

use pool::AccountId;
use sqlx::Error;

use super::{
    columns::Columns,
    numbers::{to_i64, to_u64},
    values::Values,
};
use crate::{
    MediaKind, MediaRow, Poster, RequestRow, Span, SumRow, Totals, Unreadable,
    account::AccountRow,
    request::{StoredRequest, read_attempts, read_outcome},
    sums::SumKey,
};

/// The columns of an account, in the order in which [`bind_account`] binds them and
/// [`read_account`] reads them.
pub(crate) const ACCOUNT_COLUMNS: [&str; 23] = [
    "id",
    "credential",
    "credential_hash",
    "pool",
    "status",
    "quota",
    "created_at_ms",
    "last_used_at_ms",
    "use_count",
    "fail_count",
    "last_fail_at_ms",
    "last_fail_reason",
    "last_sync_at_ms",
    "cooldown_until_ms",
    "cooldown_reason",
    "tags",
    "note",
    "last_asset_clear_at_ms",
    "quota_windows",
    "last_check_at_ms",
    "last_check",
    "last_check_until_ms",
    "proxy",
];

/// The query for accounts; its conditions follow.
pub(crate) fn select_accounts() -> String {
    format!("SELECT {} FROM accounts", ACCOUNT_COLUMNS.join(", "))
}

pub(crate) fn bind_account<S: Values>(statement: S, account: &AccountRow) -> S {
    statement
        .text(&account.id)
        .text(&account.credential)
        .text(&account.credential_hash)
        .text(&account.tier)
        .text(&account.status)
        .int(account.quota.into())
        .int(account.created_at_ms)
        .maybe_int(account.last_used_at_ms)
        .count(account.use_count)
        .int(account.fail_count.into())
        .maybe_int(account.last_fail_at_ms)
        .maybe_text(account.last_fail_reason.as_deref())
        .maybe_int(account.last_sync_at_ms)
        .maybe_int(account.cooldown_until_ms)
        .maybe_text(account.cooldown_reason.as_deref())
        .text(&account.tags)
        .text(&account.note)
        .maybe_int(account.last_asset_clear_at_ms)
        .maybe_text(account.quota_windows.as_deref())
        .maybe_int(account.last_check_at_ms)
        .maybe_text(account.last_check.as_deref())
        .maybe_int(account.last_check_until_ms)
        .maybe_text(account.proxy.as_deref())
}

/// By the places of [`ACCOUNT_COLUMNS`]: names would be looked up for each of a million rows.
pub(super) fn read_account(row: &impl Columns<usize>) -> Result<AccountRow, Error> {
    Ok(AccountRow {
        id: row.text(0)?,
        credential: row.text(1)?,
        credential_hash: row.text(2)?,
        tier: row.text(3)?,
        status: row.text(4)?,
        quota: row.small_count(5)?,
        created_at_ms: row.int(6)?,
        last_used_at_ms: row.maybe_int(7)?,
        use_count: row.count(8)?,
        fail_count: row.small_count(9)?,
        last_fail_at_ms: row.maybe_int(10)?,
        last_fail_reason: row.maybe_text(11)?,
        last_sync_at_ms: row.maybe_int(12)?,
        cooldown_until_ms: row.maybe_int(13)?,
        cooldown_reason: row.maybe_text(14)?,
        tags: row.text(15)?,
        note: row.text(16)?,
        last_asset_clear_at_ms: row.maybe_int(17)?,
        quota_windows: row.maybe_text(18)?,
        last_check_at_ms: row.maybe_int(19)?,
        last_check: row.maybe_text(20)?,
        last_check_until_ms: row.maybe_int(21)?,
        proxy: row.maybe_text(22)?,
    })
}

/// An account, or the id of the row that could not be read.
pub(crate) fn account_or_name(row: &impl Columns<usize>) -> Result<AccountRow, Unreadable> {
    read_account(row).map_err(|error| Unreadable {
        id: AccountId::new(row.name(0).unwrap_or("?")),
        reason: error.to_string(),
    })
}

pub(crate) fn bind_request<S: Values>(statement: S, request: &StoredRequest) -> S {
    let StoredRequest { row, attempts } = request;
    statement
        .text(&row.id)
        .int(row.at_ms)
        .text(&row.endpoint)
        .flag(row.stream)
        .maybe_text(row.key.as_deref())
        .maybe_text(row.client.as_deref())
        .maybe_text(row.model.as_deref())
        .maybe_text(row.served_model.as_deref())
        .maybe_text(row.account_id.as_deref())
        .maybe_text(row.account.as_deref())
        .text(attempts)
        .int(row.status.into())
        .text(row.outcome.as_str())
        .maybe_text(row.error_code.as_deref())
        .maybe_int(row.first_byte_ms.map(to_i64))
        .count(row.duration_ms)
        .count(row.bytes)
        .count(row.prompt_tokens)
        .count(row.completion_tokens)
        .count(row.reasoning_tokens)
        .flag(row.estimated)
        .int(row.cost.into())
}

pub(super) fn read_request(row: &impl Columns) -> Result<RequestRow, Error> {
    let id = row.text("id")?;
    Ok(RequestRow {
        at_ms: row.int("at_ms")?,
        endpoint: row.text("endpoint")?,
        stream: row.flag("stream")?,
        key: row.maybe_text("client_key")?,
        client: row.maybe_text("client")?,
        model: row.maybe_text("model")?,
        served_model: row.maybe_text("served_model")?,
        account_id: row.maybe_text("account_id")?,
        account: row.maybe_text("account")?,
        attempts: read_attempts(&id, row.name("attempts")?),
        status: u16::try_from(row.int("status")?).unwrap_or_default(),
        outcome: read_outcome(row.name("outcome")?),
        error_code: row.maybe_text("error_code")?,
        first_byte_ms: row.maybe_int("first_byte_ms")?.map(to_u64),
        duration_ms: row.count("duration_ms")?,
        bytes: row.count("bytes")?,
        prompt_tokens: row.count("prompt_tokens")?,
        completion_tokens: row.count("completion_tokens")?,
        reasoning_tokens: row.count("reasoning_tokens")?,
        estimated: row.flag("estimated")?,
        cost: row.small_count("cost")?,
        id,
    })
}

pub(crate) fn bind_sum<S: Values>(statement: S, (key, totals): &(SumKey<'_>, Totals)) -> S {
    statement
        .text(key.span.as_str())
        .int(key.start_ms)
        .text(key.model)
        .text(key.key)
        .text(key.outcome.as_str())
        .count(totals.requests)
        .count(totals.prompt_tokens)
        .count(totals.completion_tokens)
        .count(totals.reasoning_tokens)
        .count(totals.bytes)
        .count(totals.cost)
        .count(totals.duration_ms)
        .count(totals.max_duration_ms)
        .count(totals.first_byte_ms)
        .count(totals.first_bytes)
}

pub(super) fn read_sum(row: &impl Columns) -> Result<SumRow, Error> {
    Ok(SumRow {
        span: row.named("span", Span::from_name, "span")?,
        start_ms: row.int("start_ms")?,
        model: row.text("model")?,
        key: row.text("client_key")?,
        outcome: read_outcome(row.name("outcome")?),
        totals: Totals {
            requests: row.count("requests")?,
            prompt_tokens: row.count("prompt_tokens")?,
            completion_tokens: row.count("completion_tokens")?,
            reasoning_tokens: row.count("reasoning_tokens")?,
            bytes: row.count("bytes")?,
            cost: row.count("cost")?,
            duration_ms: row.count("duration_ms")?,
            max_duration_ms: row.count("max_duration_ms")?,
            first_byte_ms: row.count("first_byte_ms")?,
            first_bytes: row.count("first_bytes")?,
        },
    })
}

pub(crate) fn bind_media<S: Values>(statement: S, row: &MediaRow) -> S {
    let poster = row.poster.as_ref();
    statement
        .text(&row.id)
        .int(row.at_ms)
        .text(row.kind.as_str())
        .text(&row.file)
        .text(&row.mime)
        .count(row.bytes)
        .int(row.width.into())
        .int(row.height.into())
        .text(&row.prompt)
        .text(&row.model)
        .text(&row.params)
        .maybe_text(row.parent.as_deref())
        .text(&row.account)
        .maybe_text(row.key.as_deref())
        .text(&row.request_id)
        .text(&row.owner)
        .maybe_text(poster.map(|poster| poster.file.as_str()))
        .count(poster.map_or(0, |poster| poster.bytes))
}

pub(crate) fn read_media(row: &impl Columns) -> Result<MediaRow, Error> {
    let poster_bytes = row.count("poster_bytes")?;
    let poster = row.maybe_text("poster")?;
    Ok(MediaRow {
        poster: poster.map(|file| Poster {
            file,
            bytes: poster_bytes,
        }),
        id: row.text("id")?,
        at_ms: row.int("at_ms")?,
        kind: read_media_kind(row)?,
        file: row.text("file")?,
        mime: row.text("mime")?,
        bytes: row.count("bytes")?,
        width: row.small_count("width")?,
        height: row.small_count("height")?,
        prompt: row.text("prompt")?,
        model: row.text("model")?,
        params: row.text("params")?,
        parent: row.maybe_text("parent")?,
        account: row.text("account")?,
        owner: row.text("owner")?,
        key: row.maybe_text("client_key")?,
        request_id: row.text("request_id")?,
    })
}

/// Reads the column `kind`.
pub(crate) fn read_media_kind(row: &impl Columns) -> Result<MediaKind, Error> {
    row.named("kind", MediaKind::from_name, "kind of media")
}
