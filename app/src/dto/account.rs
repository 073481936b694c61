//! Accounts one by one and many at once, as the operator's pages and the admin API see them.

use super::{AccountRow, Condition, Tier};
use serde::{Deserialize, Serialize};

/// Which accounts are meant. The default means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountFilter {
    pub status: Option<Condition>,
    pub tier: Option<Tier>,
    /// Exactly this one.
    pub tag: Option<String>,
    /// A part of the note, of a tag or of the last four characters; empty = any.
    pub text: String,
}

/// Everything that is shown of one account. Carries no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetail {
    #[serde(flatten)]
    pub row: AccountRow,
    pub windows: Vec<QuotaWindow>,
    /// Without user and password.
    pub proxy: Option<String>,
    /// Unix milliseconds.
    pub last_asset_clear_at_ms: Option<i64>,
}

/// What came of asking Grok about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCheck {
    /// Unix milliseconds.
    pub at_ms: i64,
    pub result: CheckResult,
    /// Unix milliseconds, of [`CheckResult::Limited`].
    pub until_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    Fine,
    /// Its cookie is not accepted.
    Refused,
    Blocked,
    /// The bot protection stood before Grok: nothing is known of the account.
    Clearance,
    Limited,
    /// No answer: nothing is known of the account.
    Unreachable,
}

/// What Grok said of one model's quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaWindow {
    pub model: String,
    pub remaining: u32,
    pub total: Option<u32>,
    /// Unix milliseconds.
    pub resets_at_ms: Option<i64>,
    pub asked_at_ms: i64,
}

/// New values of an account; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountEdit {
    pub tier: Option<Tier>,
    pub tags: Option<Vec<String>>,
    pub note: Option<String>,
    pub is_enabled: Option<bool>,
    /// An address such as `socks5h://user:password@host:1080`; empty: none of its own.
    pub proxy: Option<String>,
}

/// What is done with many accounts at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountSwitch {
    Enable,
    Disable,
    /// Active with the default quota, failures forgotten.
    Reset,
}

/// How accounts are written, with their cookies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// A cookie on each line.
    #[default]
    Text,
    /// The predecessor's `token.json`.
    Json,
}
