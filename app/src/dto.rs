//! Data that crosses between server and browser. Serde only, no behaviour that needs either side.

mod account;
mod admin_media;
mod connection;
mod job;
mod media;
mod video;

use crate::error::UiError;

pub use account::{
    AccountCheck, AccountDetail, AccountEdit, AccountFilter, AccountSwitch, CheckResult,
    ExportFormat, QuotaWindow,
};
pub use admin_media::{
    AssetAccount, AssetAccounts, AssetFailure, AssetRun, AssetRunState, AssetTrouble, AssetWork,
    CallerCount, DeletedMedia, FoundMedia, FoundMediaPage, LastClean, MediaCaller, MediaFilter,
    MediaOverview, MediaTotal,
};
pub use connection::Connection;
pub use job::{
    AccountChoice, JobFailure, JobItem, JobItems, JobKind, JobNote, JobOutcome, JobStart, JobState,
    JobTrouble, JobView,
};
pub use media::{MediaItem, MediaKind, MediaPage};
pub use video::{VideoFailure, VideoItem, VideoPage, VideoState};

use serde::{Deserialize, Serialize};

/// Who is looking at a page and what they may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// Signed in as the operator.
    pub is_admin: bool,
    /// May use the public pages (signed in, or public mode is on).
    pub may_chat: bool,
    pub demo: Demo,
    /// The operator's page alone gets it.
    pub visitors: Visitors,
    /// The generated first password has not been changed yet.
    pub must_change_password: bool,
    /// `app.app_url` does not lead to this server. The operator's page alone gets it.
    pub wrong_app_url: Option<WrongAppUrl>,
    /// The server is a development build.
    pub is_development: bool,
    /// Version of the running binary, for example `0.1.0`.
    pub version: String,
}

/// An `app.app_url` that does not lead to this server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongAppUrl {
    pub app_url: String,
    /// What browsers open instead.
    pub opened: String,
    /// Another server answers there; else nobody does.
    pub is_answered: bool,
}

/// Whether the simulator answers instead of Grok.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demo {
    #[default]
    Off,
    /// Until the operator adds the first account.
    UntilFirstAccount,
    /// As long as the server runs: it was started as a demo.
    Lasting,
    /// It ended with the operator's first account.
    Ended,
}

impl Demo {
    #[must_use]
    pub fn is_on(self) -> bool {
        matches!(self, Self::UntilFirstAccount | Self::Lasting)
    }
}

/// Who may chat beside the operator where no demo answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visitors {
    #[default]
    Nobody,
    /// Whoever has the visitors' key (`app.public_key`).
    WithKey,
    /// `app.public_enabled`.
    Everybody,
}

/// A chat model that a page can offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelOption {
    pub id: String,
    /// Quota units per request: 1 or 4.
    pub cost: u32,
    /// The least account that can serve it.
    pub tier: Tier,
    /// An account that can serve it exists and is not disabled or expired.
    pub is_served: bool,
}

/// What the operator allows whoever asks for pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureOptions {
    /// Adult pictures (`image.nsfw`).
    pub is_nsfw_allowed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    Active,
    Cooling,
    Expired,
    Disabled,
}

/// How an account is, as far as anybody knows: what pages show, filters mean and lists sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Grok has said so, or has answered with it.
    Active,
    /// In service, and nothing is known of it.
    Unknown,
    /// In service, but the last thing that was heard of it is a failure.
    Failing,
    /// It serves nobody until an instant.
    Cooling,
    /// Grok does not accept its cookie.
    Refused,
    /// By Grok.
    Blocked,
    /// By the operator.
    Disabled,
}

/// What an account is worth, and what a model needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    #[default]
    Basic,
    Super,
    Heavy,
}

/// Why and until when an account serves nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooldown {
    /// Unix milliseconds.
    pub until_ms: i64,
    pub reason: CooldownReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CooldownReason {
    /// The upstream asked for a pause.
    RateLimited,
    QuotaEmpty,
    UpstreamErrors,
}

/// One account as the admin table shows it. Carries no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: String,
    /// The credential's last four characters, for example `…9f3c`.
    pub masked: String,
    pub tier: Tier,
    pub status: AccountStatus,
    pub condition: Condition,
    pub quota: u32,
    /// Quota of a full window: 80 or 140 by default.
    pub quota_limit: u32,
    pub cooldown: Option<Cooldown>,
    /// Unix milliseconds.
    pub last_used_at_ms: Option<i64>,
    pub created_at_ms: i64,
    pub use_count: u64,
    /// Failures in a row.
    pub fail_count: u32,
    pub last_fail_at_ms: Option<i64>,
    pub last_fail_reason: Option<String>,
    /// When Grok last told the quota; `None`: `quota` is a guess.
    pub last_sync_at_ms: Option<i64>,
    /// What came of the last question to Grok.
    pub last_check: Option<AccountCheck>,
    pub in_flight: u32,
    pub tags: Vec<String>,
    pub note: String,
    /// One of the demo's own.
    pub is_demo: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountSort {
    #[default]
    CreatedAt,
    LastUsed,
    Quota,
    UseCount,
    Status,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountQuery {
    pub status: Option<Condition>,
    pub tier: Option<Tier>,
    /// Exactly this one.
    pub tag: Option<String>,
    /// Matches the note, the tags and the last four characters.
    pub search: String,
    pub sort: AccountSort,
    pub descending: bool,
    /// From 0.
    pub page: u32,
    /// 1 to 500.
    pub page_size: u32,
}

impl Default for AccountQuery {
    fn default() -> Self {
        Self {
            status: None,
            tier: None,
            tag: None,
            search: String::new(),
            sort: AccountSort::CreatedAt,
            descending: true,
            page: 0,
            page_size: 50,
        }
    }
}

/// Accounts in each [`Condition`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCounts {
    pub total: u32,
    pub active: u32,
    pub unknown: u32,
    pub failing: u32,
    pub cooling: u32,
    pub refused: u32,
    pub blocked: u32,
    pub disabled: u32,
    /// Sum of the quota that Grok has told, over the accounts in service.
    pub quota_left: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountList {
    pub rows: Vec<AccountRow>,
    /// Rows that match the query, over all pages.
    pub matched: u32,
    /// Over all accounts.
    pub counts: AccountCounts,
    /// Over those that match the query in everything but the status.
    pub found: AccountCounts,
    /// The tags that accounts have, in their order; at most 200.
    pub tags: Vec<String>,
    /// Of the tiers that have accounts; empty while it cannot be told.
    pub forecast: Vec<TierForecast>,
    /// What keeps the server from working as it should, in English sentences.
    pub troubles: Vec<String>,
}

/// How long the quota of a tier lasts at the rate of the last hour. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierForecast {
    pub tier: Tier,
    pub quota: u64,
    pub used_last_hour: u64,
    pub next_refill_at_ms: Option<i64>,
    /// `None`: not within a day.
    pub empty_at_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineStatus {
    New,
    /// New, but nothing that looks like the cookie. It can be added all the same.
    Doubtful,
    /// Already in the pool, or earlier in the same text.
    Duplicate,
    /// No account; see [`LineFault`].
    Bad,
}

/// Why a place of pasted text holds no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineFault {
    /// Not a cookie value: blank space inside, too short, control characters …
    NoCookie,
    Code,
    /// A piece of JSON, which only makes sense as a whole.
    Fragment,
    /// JSON that is not valid from here on.
    Json,
    /// The text is empty.
    Nothing,
    /// Neither a text nor an object.
    Shape,
    NoToken,
    NoAccounts,
    /// Cookies, but not the account's.
    NoSsoCookie,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewLine {
    /// From 1, counted over the pasted text.
    pub number: u32,
    /// Where JSON ends to be valid.
    pub column: Option<u32>,
    /// Its place in a list of a JSON document, such as `ssoBasic[4]`; empty: it is in none.
    pub entry: String,
    pub masked: String,
    pub status: LineStatus,
    /// Of [`LineStatus::Bad`].
    pub fault: Option<LineFault>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPreview {
    /// At most 200, those with a problem first.
    pub lines: Vec<PreviewLine>,
    /// With the doubtful ones.
    pub new: u32,
    pub doubtful: u32,
    /// Known here.
    pub duplicate: u32,
    /// How often an account comes again in the text.
    pub repeated: u32,
    pub bad: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedAccounts {
    pub count: u32,
    /// Hand this to `restore_accounts` within five minutes to undo.
    pub undo_id: String,
    /// What kept the others from being deleted.
    pub stopped_by: Option<UiError>,
}
