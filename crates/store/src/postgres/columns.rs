//! Many rows in one statement: each column is bound as an array, and `UNNEST` makes rows of them.

use std::borrow::Cow;

use pool::{AccountId, CheckResult};

use crate::{
    account::AccountRow,
    patch::Patch,
    request::StoredRequest,
    sql::to_i64,
    sums::{SumKey, Totals},
};

use super::dialect::{Statement, text};

/// Name and type of a column.
type Column = (&'static str, &'static str);

pub(super) const REQUEST: [Column; 22] = [
    ("id", "text"),
    ("at_ms", "bigint"),
    ("endpoint", "text"),
    ("stream", "boolean"),
    ("client_key", "text"),
    ("client", "text"),
    ("model", "text"),
    ("served_model", "text"),
    ("account_id", "text"),
    ("account", "text"),
    ("attempts", "text"),
    ("status", "bigint"),
    ("outcome", "text"),
    ("error_code", "text"),
    ("first_byte_ms", "bigint"),
    ("duration_ms", "bigint"),
    ("bytes", "bigint"),
    ("prompt_tokens", "bigint"),
    ("completion_tokens", "bigint"),
    ("reasoning_tokens", "bigint"),
    ("estimated", "boolean"),
    ("cost", "bigint"),
];

pub(super) const SUM: [Column; 15] = [
    ("span", "text"),
    ("start_ms", "bigint"),
    ("model", "text"),
    ("client_key", "text"),
    ("outcome", "text"),
    ("requests", "bigint"),
    ("prompt_tokens", "bigint"),
    ("completion_tokens", "bigint"),
    ("reasoning_tokens", "bigint"),
    ("bytes", "bigint"),
    ("cost", "bigint"),
    ("duration_ms", "bigint"),
    ("max_duration_ms", "bigint"),
    ("first_byte_ms", "bigint"),
    ("first_bytes", "bigint"),
];

/// A [`Patch`]; flags say of what may be cleared whether it changes.
pub(super) const PATCH: [Column; 28] = [
    ("id", "text"),
    ("quota", "bigint"),
    ("used", "bigint"),
    ("uses", "bigint"),
    ("last_used_at_ms", "bigint"),
    ("status", "text"),
    ("cooldown_until_ms", "bigint"),
    ("cooldown_reason", "text"),
    ("fail_count", "bigint"),
    ("last_fail_at_ms", "bigint"),
    ("last_fail_reason", "text"),
    ("pool", "text"),
    ("has_sync", "boolean"),
    ("last_sync_at_ms", "bigint"),
    ("has_windows", "boolean"),
    ("quota_windows", "text"),
    ("has_check", "boolean"),
    ("last_check_at_ms", "bigint"),
    ("last_check", "text"),
    ("last_check_until_ms", "bigint"),
    ("tags", "text"),
    ("note", "text"),
    ("has_proxy", "boolean"),
    ("proxy", "text"),
    ("has_ended", "boolean"),
    ("ended_until_ms", "bigint"),
    ("ended_quota", "bigint"),
    ("ended_used", "bigint"),
];

pub(super) const ACCOUNT: [Column; 23] = [
    ("id", "text"),
    ("credential", "text"),
    ("credential_hash", "text"),
    ("pool", "text"),
    ("status", "text"),
    ("quota", "bigint"),
    ("created_at_ms", "bigint"),
    ("last_used_at_ms", "bigint"),
    ("use_count", "bigint"),
    ("fail_count", "bigint"),
    ("last_fail_at_ms", "bigint"),
    ("last_fail_reason", "text"),
    ("last_sync_at_ms", "bigint"),
    ("cooldown_until_ms", "bigint"),
    ("cooldown_reason", "text"),
    ("tags", "text"),
    ("note", "text"),
    ("last_asset_clear_at_ms", "bigint"),
    ("quota_windows", "text"),
    ("last_check_at_ms", "bigint"),
    ("last_check", "text"),
    ("last_check_until_ms", "bigint"),
    ("proxy", "text"),
];

/// `id, at_ms, …`
pub(super) fn names(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// `UNNEST($7::text[], …) AS alias (id, …)`, its first value being the one of that number.
pub(super) fn unnest(columns: &[Column], first: usize, alias: &str) -> String {
    let values = (first..).zip(columns);
    let values: Vec<_> = values
        .map(|(n, (_, kind))| format!("${n}::{kind}[]"))
        .collect();
    let (values, names) = (values.join(", "), names(columns));
    format!("UNNEST({values}) AS {alias} ({names})")
}

/// One column of all rows.
fn all<'r, R, T>(rows: &'r [R], column: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(column).collect()
}

type Text<'r> = Option<Cow<'r, str>>;

fn maybe(value: Option<&str>) -> Text<'_> {
    value.map(text)
}

/// Binds [`REQUEST`].
pub(super) fn bind_requests<'q>(
    statement: Statement<'q>,
    rows: &'q [&'q StoredRequest],
) -> Statement<'q> {
    statement
        .bind(all(rows, |one| text(&one.row.id)))
        .bind(all(rows, |one| one.row.at_ms))
        .bind(all(rows, |one| text(&one.row.endpoint)))
        .bind(all(rows, |one| one.row.stream))
        .bind(all(rows, |one| maybe(one.row.key.as_deref())))
        .bind(all(rows, |one| maybe(one.row.client.as_deref())))
        .bind(all(rows, |one| maybe(one.row.model.as_deref())))
        .bind(all(rows, |one| maybe(one.row.served_model.as_deref())))
        .bind(all(rows, |one| maybe(one.row.account_id.as_deref())))
        .bind(all(rows, |one| maybe(one.row.account.as_deref())))
        .bind(all(rows, |one| text(&one.attempts)))
        .bind(all(rows, |one| i64::from(one.row.status)))
        .bind(all(rows, |one| one.row.outcome.as_str()))
        .bind(all(rows, |one| maybe(one.row.error_code.as_deref())))
        .bind(all(rows, |one| one.row.first_byte_ms.map(to_i64)))
        .bind(all(rows, |one| to_i64(one.row.duration_ms)))
        .bind(all(rows, |one| to_i64(one.row.bytes)))
        .bind(all(rows, |one| to_i64(one.row.prompt_tokens)))
        .bind(all(rows, |one| to_i64(one.row.completion_tokens)))
        .bind(all(rows, |one| to_i64(one.row.reasoning_tokens)))
        .bind(all(rows, |one| one.row.estimated))
        .bind(all(rows, |one| i64::from(one.row.cost)))
}

/// Binds [`SUM`].
pub(super) fn bind_sums<'q>(
    statement: Statement<'q>,
    rows: &'q [(SumKey<'q>, Totals)],
) -> Statement<'q> {
    let count = |get: fn(&Totals) -> u64| all(rows, |(_, totals)| to_i64(get(totals)));
    statement
        .bind(all(rows, |(key, _)| key.span.as_str()))
        .bind(all(rows, |(key, _)| key.start_ms))
        .bind(all(rows, |(key, _)| text(key.model)))
        .bind(all(rows, |(key, _)| text(key.key)))
        .bind(all(rows, |(key, _)| key.outcome.as_str()))
        .bind(count(|totals| totals.requests))
        .bind(count(|totals| totals.prompt_tokens))
        .bind(count(|totals| totals.completion_tokens))
        .bind(count(|totals| totals.reasoning_tokens))
        .bind(count(|totals| totals.bytes))
        .bind(count(|totals| totals.cost))
        .bind(count(|totals| totals.duration_ms))
        .bind(count(|totals| totals.max_duration_ms))
        .bind(count(|totals| totals.first_byte_ms))
        .bind(count(|totals| totals.first_bytes))
}

/// Binds [`PATCH`].
pub(super) fn bind_patches<'q>(
    statement: Statement<'q>,
    rows: &'q [(&'q AccountId, &'q Patch)],
) -> Statement<'q> {
    let cooldown = |patch: &'q Patch| patch.status.as_ref().and_then(|(_, cooldown)| *cooldown);
    let check = |patch: &'q Patch| patch.check.flatten();
    let result = move |patch: &'q Patch| check(patch).map(|check| check.result);
    let failure = |patch: &'q Patch| patch.failure.as_ref();
    let ended = |patch: &'q Patch| patch.ended.as_ref();
    let inner = |value: &'q Option<Option<String>>| {
        maybe(value.as_ref().and_then(|value| value.as_deref()))
    };
    statement
        .bind(all(rows, |(id, _)| text(id.as_str())))
        .bind(all(rows, |(_, patch)| patch.quota.map(i64::from)))
        .bind(all(rows, |(_, patch)| to_i64(patch.used)))
        .bind(all(rows, |(_, patch)| to_i64(patch.uses)))
        .bind(all(rows, |(_, patch)| patch.last_used_at_ms))
        .bind(all(rows, |(_, patch)| {
            patch.status.as_ref().map(|(status, _)| status.as_str())
        }))
        .bind(all(rows, |(_, patch)| {
            cooldown(patch).map(|one| one.until_ms)
        }))
        .bind(all(rows, |(_, patch)| {
            cooldown(patch).map(|one| one.reason.as_str())
        }))
        .bind(all(rows, |(_, patch)| {
            failure(patch).map(|one| i64::from(one.count))
        }))
        .bind(all(rows, |(_, patch)| {
            failure(patch).and_then(|one| one.at_ms)
        }))
        .bind(all(rows, |(_, patch)| {
            maybe(failure(patch).and_then(|one| one.reason.as_deref()))
        }))
        .bind(all(rows, |(_, patch)| patch.tier.map(|tier| tier.as_str())))
        .bind(all(rows, |(_, patch)| patch.last_sync_at_ms.is_some()))
        .bind(all(rows, |(_, patch)| patch.last_sync_at_ms.flatten()))
        .bind(all(rows, |(_, patch)| patch.quota_windows.is_some()))
        .bind(all(rows, |(_, patch)| inner(&patch.quota_windows)))
        .bind(all(rows, |(_, patch)| patch.check.is_some()))
        .bind(all(rows, |(_, patch)| {
            check(patch).map(|check| check.at_ms)
        }))
        .bind(all(rows, |(_, patch)| {
            result(patch).map(CheckResult::as_str)
        }))
        .bind(all(rows, |(_, patch)| {
            result(patch).and_then(CheckResult::until_ms)
        }))
        .bind(all(rows, |(_, patch)| maybe(patch.tags.as_deref())))
        .bind(all(rows, |(_, patch)| maybe(patch.note.as_deref())))
        .bind(all(rows, |(_, patch)| patch.proxy.is_some()))
        .bind(all(rows, |(_, patch)| inner(&patch.proxy)))
        .bind(all(rows, |(_, patch)| patch.ended.is_some()))
        .bind(all(rows, |(_, patch)| {
            ended(patch).and_then(|one| one.until_ms)
        }))
        .bind(all(rows, |(_, patch)| {
            ended(patch).and_then(|one| one.quota.map(i64::from))
        }))
        .bind(all(rows, |(_, patch)| {
            ended(patch).map_or(0, |one| to_i64(one.used))
        }))
}

/// Binds [`ACCOUNT`].
pub(super) fn bind_accounts<'q>(statement: Statement<'q>, rows: &'q [AccountRow]) -> Statement<'q> {
    statement
        .bind(all(rows, |one| text(&one.id)))
        .bind(all(rows, |one| text(&one.credential)))
        .bind(all(rows, |one| text(&one.credential_hash)))
        .bind(all(rows, |one| text(&one.tier)))
        .bind(all(rows, |one| text(&one.status)))
        .bind(all(rows, |one| i64::from(one.quota)))
        .bind(all(rows, |one| one.created_at_ms))
        .bind(all(rows, |one| one.last_used_at_ms))
        .bind(all(rows, |one| to_i64(one.use_count)))
        .bind(all(rows, |one| i64::from(one.fail_count)))
        .bind(all(rows, |one| one.last_fail_at_ms))
        .bind(all(rows, |one| maybe(one.last_fail_reason.as_deref())))
        .bind(all(rows, |one| one.last_sync_at_ms))
        .bind(all(rows, |one| one.cooldown_until_ms))
        .bind(all(rows, |one| maybe(one.cooldown_reason.as_deref())))
        .bind(all(rows, |one| text(&one.tags)))
        .bind(all(rows, |one| text(&one.note)))
        .bind(all(rows, |one| one.last_asset_clear_at_ms))
        .bind(all(rows, |one| maybe(one.quota_windows.as_deref())))
        .bind(all(rows, |one| one.last_check_at_ms))
        .bind(all(rows, |one| maybe(one.last_check.as_deref())))
        .bind(all(rows, |one| one.last_check_until_ms))
        .bind(all(rows, |one| maybe(one.proxy.as_deref())))
}
