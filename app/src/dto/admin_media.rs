//! Everybody's media, and accounts' files at Grok, as the operator's page shows them.

use super::{AccountStatus, MediaItem, MediaKind, Tier};
use serde::{Deserialize, Serialize};

/// Who asked for something that was generated.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaCaller {
    /// The label of an API key.
    Key(String),
    /// The API, which needs no key.
    Open,
    /// Browsers on the public pages.
    Visitors,
    /// Made by a version that did not note it.
    Unknown,
}

/// Which media are shown. The default shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFilter {
    pub kind: Option<MediaKind>,
    pub caller: Option<MediaCaller>,
    /// Last four characters of the account's credential.
    pub account: Option<String>,
    /// A part of the prompt; empty = any.
    pub text: String,
}

/// How much there is of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaTotal {
    pub kind: MediaKind,
    pub count: u64,
    pub bytes: u64,
}

/// What there is in all, and what it can be filtered by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaOverview {
    /// Kinds of which there is something.
    pub totals: Vec<MediaTotal>,
    /// `cache.limit_mb`; `None` where nothing is cleaned up by itself.
    pub limit_bytes: Option<u64>,
    /// What that limits: files of this server, without those that only another instance has.
    pub used_bytes: u64,
    /// The last clean-up that removed something, since the start.
    pub last_clean: Option<LastClean>,
    pub callers: Vec<CallerCount>,
    /// Last four characters of accounts' credentials.
    pub accounts: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastClean {
    /// Unix milliseconds.
    pub at_ms: i64,
    pub files: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerCount {
    pub caller: MediaCaller,
    pub count: u64,
}

/// One of everybody's media.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundMedia {
    pub item: MediaItem,
    pub caller: MediaCaller,
    /// Last four characters of the credential of the account that made it.
    pub account: String,
    pub request_id: String,
}

/// A page of what a filter finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundMediaPage {
    /// Newest first.
    pub items: Vec<FoundMedia>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// How much the filter finds in all; told with the first page, 0 with the others.
    pub count: u64,
    pub bytes: u64,
}

/// What one batch of a deletion did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedMedia {
    pub count: u32,
    /// What came later stays: given again with the next batch.
    pub until_ms: i64,
    pub is_done: bool,
}

/// What a run over accounts' files at Grok does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetWork {
    Count,
    Clear,
}

/// An account and its files at Grok.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetAccount {
    pub id: String,
    /// `…` and the last four characters of the credential.
    pub masked: String,
    pub tier: Tier,
    pub status: AccountStatus,
    /// `None`: not counted since the start.
    pub count: Option<u32>,
    /// There are more than `count`.
    pub is_cut: bool,
    /// Unix milliseconds, since the start.
    pub counted_at_ms: Option<i64>,
    pub cleared_at_ms: Option<i64>,
}

/// Why a run did not do an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetTrouble {
    SignedOut,
    Blocked,
    RateLimited,
    /// Grok's bot protection refuses this server.
    Clearance,
    Unreachable,
    Refused,
    /// It has requests under way.
    InUse,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetFailure {
    pub id: String,
    /// `…` and the last four characters of the credential.
    pub masked: String,
    pub trouble: AssetTrouble,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetRunState {
    Running,
    Done,
    Stopped,
}

/// How the last run is doing, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRun {
    pub work: AssetWork,
    pub state: AssetRunState,
    /// Accounts, those that failed among `done`.
    pub total: u32,
    pub done: u32,
    pub failed: u32,
    /// Files.
    pub deleted: u64,
    /// The first 200.
    pub failures: Vec<AssetFailure>,
}

/// A page of the accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetAccounts {
    pub accounts: Vec<AssetAccount>,
    /// Accounts on all pages.
    pub total: u32,
    pub run: Option<AssetRun>,
}
