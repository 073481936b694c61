//! Accounts: one, lists of them, many at once (`app/src/dto/account.rs`, `server/src/http/admin/input.rs`).

use utoipa::{IntoParams, ToSchema};

use crate::http::openapi::common::{ListWord, Order, SuccessWord};

/// Which accounts, and in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct AccountQuery {
    /// Only those in this condition.
    #[param(inline)]
    status: Option<Condition>,
    /// Only those of this tier.
    #[param(inline)]
    tier: Option<Tier>,
    /// Only those with exactly this tag.
    tag: Option<String>,
    /// A part of the note, of a tag or of the last four characters.
    text: Option<String>,
    /// What the order follows.
    #[param(inline)]
    sort: Option<AccountSort>,
    /// The direction of the order; `desc` where nothing is said.
    #[param(inline)]
    order: Option<Order>,
    /// Accounts of the page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u32>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// How an account is, as far as anybody knows.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum Condition {
    Active,
    Unknown,
    Failing,
    Cooling,
    Refused,
    Blocked,
    Disabled,
}

/// What an account is worth.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum Tier {
    Basic,
    Super,
    Heavy,
}

/// What the order of a list follows.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum AccountSort {
    CreatedAt,
    LastUsed,
    Quota,
    UseCount,
    Status,
}

/// A page of accounts.
#[derive(ToSchema)]
pub(in crate::http) struct AccountList {
    #[schema(inline)]
    object: ListWord,
    data: Vec<AccountDetail>,
    has_more: bool,
    /// `after` of the next page.
    #[schema(required)]
    next: Option<String>,
    /// All that match.
    total: u32,
    counts: AccountCounts,
}

/// Accounts in each condition, over all.
#[derive(ToSchema)]
pub(super) struct AccountCounts {
    total: u32,
    active: u32,
    unknown: u32,
    failing: u32,
    cooling: u32,
    refused: u32,
    blocked: u32,
    disabled: u32,
    /// As far as Grok has told it.
    quota_left: u64,
}

/// Whether an account serves.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum AccountStatus {
    Active,
    Cooling,
    Expired,
    Disabled,
}

/// Why and until when an account serves nobody.
#[derive(ToSchema)]
pub(super) struct Cooldown {
    until_ms: i64,
    reason: CooldownReason,
}

/// Why an account serves nobody.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum CooldownReason {
    RateLimited,
    QuotaEmpty,
    UpstreamErrors,
}

/// What came of asking Grok about an account.
#[derive(ToSchema)]
pub(super) struct AccountCheck {
    at_ms: i64,
    result: CheckResult,
    /// Of `limited`.
    #[schema(required)]
    until_ms: Option<i64>,
}

/// What Grok said.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum CheckResult {
    Fine,
    Refused,
    Blocked,
    Clearance,
    Limited,
    Unreachable,
}

/// Everything that is known of one account, without its cookie. Times are unix milliseconds.
#[derive(ToSchema)]
pub(in crate::http) struct AccountDetail {
    id: String,
    /// `…` and the last four characters of the cookie.
    masked: String,
    tier: Tier,
    status: AccountStatus,
    condition: Condition,
    quota: u32,
    quota_limit: u32,
    #[schema(required)]
    cooldown: Option<Cooldown>,
    #[schema(required)]
    last_used_at_ms: Option<i64>,
    created_at_ms: i64,
    use_count: u64,
    fail_count: u32,
    #[schema(required)]
    last_fail_at_ms: Option<i64>,
    #[schema(required)]
    last_fail_reason: Option<String>,
    #[schema(required)]
    last_sync_at_ms: Option<i64>,
    #[schema(required)]
    last_check: Option<AccountCheck>,
    in_flight: u32,
    tags: Vec<String>,
    note: String,
    is_demo: bool,
    windows: Vec<QuotaWindow>,
    /// Its own proxy, without user and password.
    #[schema(required)]
    proxy: Option<String>,
    #[schema(required)]
    last_asset_clear_at_ms: Option<i64>,
}

/// What Grok said of one model's quota.
#[derive(ToSchema)]
pub(super) struct QuotaWindow {
    model: String,
    remaining: u32,
    #[schema(required)]
    total: Option<u32>,
    #[schema(required)]
    resets_at_ms: Option<i64>,
    asked_at_ms: i64,
}

/// Accounts to add.
#[derive(ToSchema)]
pub(in crate::http) struct NewAccounts {
    /// 1 to 1,000: cookies, or objects with more.
    #[schema(min_items = 1, max_items = 1000)]
    tokens: Vec<NewAccount>,
    /// What they are worth; `basic` where nothing is said.
    #[schema(nullable = false)]
    tier: Option<Tier>,
}

/// A cookie, or an object with more.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum NewAccount {
    Cookie(String),
    Object(NewAccountObject),
}

/// An account to add.
#[derive(ToSchema)]
pub(super) struct NewAccountObject {
    /// The cookie `sso` of grok.com.
    token: String,
    /// Up to 20 of at most 40 characters.
    tags: Option<Vec<String>>,
    /// At most 500 characters.
    note: Option<String>,
}

/// What became of each account to add.
#[derive(ToSchema)]
pub(in crate::http) struct AddedAccounts {
    #[schema(inline)]
    status: SuccessWord,
    summary: Summary,
    results: Vec<AddedAccount>,
}

/// How many were done.
#[derive(ToSchema)]
#[schema(as = OperationSummary)]
pub(super) struct Summary {
    total: u64,
    ok: u64,
    fail: u64,
}

/// What became of one account to add.
#[derive(ToSchema)]
pub(super) struct AddedAccount {
    /// From 1: its place in the request.
    number: u64,
    status: LineStatus,
    #[schema(required)]
    id: Option<String>,
    masked: String,
    #[schema(required)]
    error: Option<String>,
}

/// Whether an account was added; `doubtful` ones are, but do not look like the cookie.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum LineStatus {
    New,
    Doubtful,
    Duplicate,
    Bad,
}

/// New values of an account; what is not named stays as it is.
#[derive(ToSchema)]
pub(in crate::http) struct AccountPatch {
    tier: Option<Tier>,
    /// Up to 20 of at most 40 characters.
    tags: Option<Vec<String>>,
    /// At most 500 characters.
    note: Option<String>,
    enabled: Option<bool>,
    /// An address such as `socks5h://host:1080`; empty: none of its own.
    proxy: Option<String>,
    /// Another cookie.
    token: Option<String>,
}

/// The account is deleted.
#[derive(ToSchema)]
pub(in crate::http) struct DeletedAccount {
    #[schema(inline)]
    status: SuccessWord,
    /// Brings it back for five minutes.
    #[schema(required)]
    undo_id: Option<String>,
}

/// Which deletion is taken back.
#[derive(ToSchema)]
pub(in crate::http) struct Undo {
    /// As the deletion answered.
    undo_id: String,
}

/// What was brought back.
#[derive(ToSchema)]
pub(in crate::http) struct RestoredAccounts {
    #[schema(inline)]
    status: SuccessWord,
    restored: u64,
}

/// Which accounts are meant, in one of these ways: `ids`, `filter`, cookies (`token` or `tokens`), or `scope`.
#[derive(ToSchema)]
pub(in crate::http) struct ChosenAccounts {
    ids: Option<Vec<String>>,
    /// All that it finds; an empty one means all.
    filter: Option<AccountFilter>,
    /// One account by its cookie.
    token: Option<String>,
    /// Accounts by their cookies.
    tokens: Option<Vec<String>>,
    /// `all`, as older clients say.
    scope: Option<String>,
    /// Of an export: a cookie on each line, or the predecessor's `token.json`.
    #[schema(nullable = false)]
    format: Option<ExportFormat>,
}

/// Which accounts are meant.
#[derive(ToSchema)]
pub(super) struct AccountFilter {
    status: Option<Condition>,
    tier: Option<Tier>,
    /// Exactly this one.
    tag: Option<String>,
    /// A part of the note, of a tag or of the last four characters.
    #[schema(nullable = false)]
    text: Option<String>,
}

/// How accounts are written.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum ExportFormat {
    Text,
    Json,
}

/// How many accounts were changed.
#[derive(ToSchema)]
pub(in crate::http) struct ChangedAccounts {
    #[schema(inline)]
    status: SuccessWord,
    changed: u64,
}

/// What was deleted.
#[derive(ToSchema)]
pub(in crate::http) struct DeletedAccounts {
    /// `partial`: it got no further than `deleted` of them, and `error` says why.
    status: DeletionStatus,
    deleted: u64,
    /// Brings them back for five minutes.
    #[schema(required)]
    undo_id: Option<String>,
    #[schema(required)]
    error: Option<String>,
}

/// Whether all were deleted.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum DeletionStatus {
    Success,
    Partial,
}

/// What became of each account.
#[derive(ToSchema)]
pub(in crate::http) struct DoneAccounts {
    #[schema(inline)]
    status: SuccessWord,
    summary: Summary,
    results: Vec<DoneAccount>,
}

/// What became of one account.
#[derive(ToSchema)]
pub(super) struct DoneAccount {
    id: String,
    masked: String,
    ok: bool,
    #[schema(required)]
    note: Option<super::jobs::JobNote>,
    #[schema(required)]
    code: Option<super::jobs::JobTrouble>,
    #[schema(required)]
    error: Option<String>,
}

/// Accounts to import, in one of these ways.
#[derive(ToSchema)]
pub(in crate::http) struct ImportedAccounts {
    /// A list of cookies and objects.
    #[schema(nullable = false)]
    tokens: Option<Vec<NewAccount>>,
    /// Accounts in any form: a cookie a line, cookie headers, cURL commands, CSV, JSON, `token.json`.
    text: Option<String>,
    /// What they are worth; `basic` where nothing is said.
    #[schema(nullable = false)]
    tier: Option<Tier>,
}
