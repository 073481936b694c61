//! Accounts: quota, use count and time of the last use in the first line, the rest behind it.

use serde::{Deserialize, Serialize};

use crate::account::AccountRow;

use super::{
    text::{self, maybe},
    to_json,
};

#[derive(Serialize, Deserialize)]
struct AccountText {
    credential: String,
    credential_hash: String,
    tier: String,
    status: String,
    #[serde(with = "text")]
    created_at_ms: i64,
    #[serde(with = "text")]
    fail_count: u32,
    #[serde(default, with = "maybe", skip_serializing_if = "Option::is_none")]
    last_fail_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_fail_reason: Option<String>,
    #[serde(default, with = "maybe", skip_serializing_if = "Option::is_none")]
    last_sync_at_ms: Option<i64>,
    #[serde(default, with = "maybe", skip_serializing_if = "Option::is_none")]
    cooldown_until_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cooldown_reason: Option<String>,
    tags: String,
    note: String,
    #[serde(default, with = "maybe", skip_serializing_if = "Option::is_none")]
    last_asset_clear_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota_windows: Option<String>,
    #[serde(default, with = "maybe", skip_serializing_if = "Option::is_none")]
    last_check_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_check: Option<String>,
    #[serde(default, with = "maybe", skip_serializing_if = "Option::is_none")]
    last_check_until_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
}

pub(in super::super) fn account_text(row: &AccountRow) -> String {
    let used_at = row.last_used_at_ms.map(|ms| ms.to_string());
    let rest = to_json(&AccountText {
        credential: row.credential.clone(),
        credential_hash: row.credential_hash.clone(),
        tier: row.tier.clone(),
        status: row.status.clone(),
        created_at_ms: row.created_at_ms,
        fail_count: row.fail_count,
        last_fail_at_ms: row.last_fail_at_ms,
        last_fail_reason: row.last_fail_reason.clone(),
        last_sync_at_ms: row.last_sync_at_ms,
        cooldown_until_ms: row.cooldown_until_ms,
        cooldown_reason: row.cooldown_reason.clone(),
        tags: row.tags.clone(),
        note: row.note.clone(),
        last_asset_clear_at_ms: row.last_asset_clear_at_ms,
        quota_windows: row.quota_windows.clone(),
        last_check_at_ms: row.last_check_at_ms,
        last_check: row.last_check.clone(),
        last_check_until_ms: row.last_check_until_ms,
        proxy: row.proxy.clone(),
    });
    let (quota, uses, used_at) = (row.quota, row.use_count, used_at.unwrap_or_default());
    format!("{quota} {uses} {used_at}\n{rest}")
}

pub(in super::super) fn read_account(id: String, text: &str) -> Result<AccountRow, &'static str> {
    const HEAD: &str = "its first line is not one";
    let (head, rest) = text.split_once('\n').ok_or(HEAD)?;
    let mut head = head.split(' ');
    let mut next = || head.next().ok_or(HEAD);
    let quota = next()?.parse().map_err(|_| HEAD)?;
    let use_count = next()?.parse().map_err(|_| HEAD)?;
    let used_at = next()?;
    let last_used_at_ms = (!used_at.is_empty()).then(|| used_at.parse());
    let rest: AccountText = serde_json::from_str(rest).map_err(|_| "it is not what we write")?;
    Ok(AccountRow {
        id,
        credential: rest.credential,
        credential_hash: rest.credential_hash,
        tier: rest.tier,
        status: rest.status,
        quota,
        created_at_ms: rest.created_at_ms,
        last_used_at_ms: last_used_at_ms.transpose().map_err(|_| HEAD)?,
        use_count,
        fail_count: rest.fail_count,
        last_fail_at_ms: rest.last_fail_at_ms,
        last_fail_reason: rest.last_fail_reason,
        last_sync_at_ms: rest.last_sync_at_ms,
        cooldown_until_ms: rest.cooldown_until_ms,
        cooldown_reason: rest.cooldown_reason,
        tags: rest.tags,
        note: rest.note,
        last_asset_clear_at_ms: rest.last_asset_clear_at_ms,
        quota_windows: rest.quota_windows,
        last_check_at_ms: rest.last_check_at_ms,
        last_check: rest.last_check,
        last_check_until_ms: rest.last_check_until_ms,
        proxy: rest.proxy,
    })
}
