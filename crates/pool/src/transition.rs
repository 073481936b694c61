//! The state machine: what an event does to an account, as a pure function.
//!
//! | event | in | does |
//! |---|---|---|
//! | `Success` | any | consumes `min(cost, quota)`; at 0 an account in service cools for its window; failures forgotten unless expired |
//! | `RateLimited` | active, cooling | cools: 1 h with quota left, 10 h without; never shortens |
//! | `Unauthorized` | any | counts; at the threshold an active or cooling account expires |
//! | `Blocked` | active, cooling | expires (the counter stays) |
//! | `Walled` | any | as a check that met the bot protection |
//! | `UpstreamFailure`, `Unharmed` | any | nothing (an ejection lives in the pool only) |
//! | `Synced` | any | quota, windows, tier by window or total, failures forgotten; see [`after_sync`] |
//! | `Checked` | any | what came of the last question |
//! | `Refused` | any | counts each 401 of a question; at the threshold an active or cooling account expires, a cooling one already after three in a row |
//! | `WindowTold` | any | one model's window |
//! | `Edited` | any | tags, note, tier, proxy |
//! | `Tagged` | any | one tag more |
//! | `CredentialReplaced` | any | active unless disabled, default quota, nothing known of it, failures forgotten |
//! | `Reset` | any | active, default quota, nothing known of it, failures forgotten |
//! | `Disable` | any | disabled until `Enable` or `Reset` |
//! | `Enable` | all but active | active, failures forgotten; default quota if it was 0 |
//!
//! Source: `docs/upstream-protocol.md` 4 and `docs/requirements.md` 2.18 (cooldown rules).

use std::time::Duration;

use crate::account::after;
use crate::change::{Change, replay};
use crate::edit;
use crate::quota_window::merge_windows;
use crate::{
    Account, AccountEdit, Check, CheckResult, Cooldown, CooldownReason, QuotaWindow, Status, Tier,
};

/// 401 answers to one question after the other that end a cooling account.
/// Source: `docs/upstream-protocol.md` 4.3.
pub const REFUSALS_IN_A_ROW: u32 = 3;

/// The configurable numbers of the state machine (section `[token]` of the configuration).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// 401 answers after which an account expires; 0 counts as 1.
    pub fail_threshold: u32,
    /// Cooldown after a 429 while the account still has quota.
    pub cooldown_429_quota: Duration,
    /// Cooldown after a 429 on an account without quota.
    pub cooldown_429_empty: Duration,
    /// Ejection after an upstream failure: for how many of the pool's next selections the account
    /// is passed over, while another one can serve. 0 = for none.
    pub cooldown_error_requests: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            fail_threshold: 5,
            cooldown_429_quota: Duration::from_secs(3_600),
            cooldown_429_empty: Duration::from_secs(36_000),
            cooldown_error_requests: 5,
        }
    }
}

/// How a request on an account ended. Reasons are short labels, never upstream text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered to the end; `cost` in quota units.
    Success { cost: u32 },
    /// 429, or the upstream said in its stream that the quota is used up.
    RateLimited,
    /// 401.
    Unauthorized { reason: &'static str },
    /// The upstream has blocked this account for good.
    Blocked { reason: &'static str },
    /// 5xx, timeout, reset: the account may be fine, but others are tried first.
    UpstreamFailure { reason: &'static str },
    /// Nothing can be said about the account (caller left, request refused, moderated).
    Unharmed,
    /// The bot protection stood before the upstream: nothing is known of the account, and others come
    /// first.
    Walled,
}

/// What the upstream said of an account's quota.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaReport {
    /// Cost units left.
    pub quota: u32,
    /// Length of the window, where it was told.
    pub window: Option<Duration>,
    /// The tier that the totals belong to, where they tell one; it counts more than the window.
    pub tier: Option<Tier>,
    /// When something is left again, in unix milliseconds, where nothing is and this is known.
    pub empty_until_ms: Option<i64>,
    /// What was said of single models.
    pub windows: Vec<QuotaWindow>,
}

/// Everything that can happen to an account.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Outcome(Outcome),
    /// The upstream told the quota.
    Synced(QuotaReport),
    /// A question about the account had this result. `Synced` says so itself.
    Checked(CheckResult),
    /// The upstream answered so many questions about the account with 401, one after the other.
    Refused {
        times: u32,
        reason: &'static str,
    },
    /// The upstream told one model's window, and nothing of the account's quota.
    WindowTold(QuotaWindow),
    Edited(AccountEdit),
    /// It has this tag beside those that it has.
    Tagged(String),
    /// It has another credential now; see [`Pool::replace_credential`](crate::Pool).
    CredentialReplaced,
    Reset,
    Enable,
    Disable,
}

/// What `event` makes of `account`: the account afterwards and the facts to store.
///
/// Replaying the changes on a copy of `account` gives the returned account. No change is
/// returned for what stays as it is.
pub fn transition(
    account: &Account,
    event: &Event,
    now_ms: i64,
    policy: &Policy,
) -> (Account, Vec<Change>) {
    let changes = plan(account, event, now_ms, policy);
    let mut next = account.clone();
    changes.iter().for_each(|change| replay(&mut next, change));
    (next, changes)
}

/// The changes of [`transition`] without the copy of the account.
pub(crate) fn plan(account: &Account, event: &Event, now_ms: i64, policy: &Policy) -> Vec<Change> {
    match event {
        Event::Outcome(outcome) => after_outcome(account, *outcome, now_ms, policy),
        Event::Synced(report) => after_sync(account, report, now_ms, policy),
        Event::Checked(result) => vec![checked(*result, now_ms)],
        Event::Refused { times, reason } => {
            after_refusals(account, *times, now_ms, (reason, policy))
        }
        Event::WindowTold(window) => windows_told(account, std::slice::from_ref(window))
            .into_iter()
            .collect(),
        Event::Edited(edit) => edit.changes(account),
        Event::Tagged(tag) => edit::tagged(account, tag).into_iter().collect(),
        Event::CredentialReplaced => after_replacement(account),
        Event::Reset => after_reset(account),
        Event::Enable => after_enable(account),
        Event::Disable if account.status == Status::Disabled => Vec::new(),
        Event::Disable => {
            vec![Change::Status {
                status: Status::Disabled,
                cooldown: account.cooldown,
            }]
        }
    }
}

/// The end of a cooldown whose time has come: active again, and with a fresh window if it was empty. Of
/// that window the upstream has not said anything yet.
pub(crate) fn plan_elapsed(account: &Account, now_ms: i64) -> Vec<Change> {
    if account
        .cooling_until_ms()
        .is_none_or(|until_ms| until_ms > now_ms)
    {
        return Vec::new();
    }
    let ended = Change::CooldownEnded {
        until_ms: account.cooldown.map(|cooldown| cooldown.until_ms),
        quota: (account.quota == 0).then(|| account.tier.default_quota()),
    };
    let is_guess = account.quota == 0 && account.last_sync_at_ms.is_some();
    let unknown = is_guess.then_some(Change::Synced { at_ms: None });
    std::iter::once(ended).chain(unknown).collect()
}

fn after_refusals(
    account: &Account,
    times: u32,
    now_ms: i64,
    (reason, policy): (&str, &Policy),
) -> Vec<Change> {
    let fail_count = account.fail_count.saturating_add(times);
    let expires = match account.status {
        Status::Active => fail_count >= policy.fail_threshold.max(1),
        Status::Cooling => times >= REFUSALS_IN_A_ROW || fail_count >= policy.fail_threshold.max(1),
        Status::Expired | Status::Disabled => false,
    };
    let mut changes = vec![
        failed(fail_count, now_ms, reason),
        checked(CheckResult::Refused, now_ms),
    ];
    if expires {
        changes.push(expire());
    }
    changes
}

fn after_outcome(account: &Account, outcome: Outcome, now_ms: i64, policy: &Policy) -> Vec<Change> {
    let in_service = matches!(account.status, Status::Active | Status::Cooling);
    match outcome {
        Outcome::Success { cost } => after_success(account, cost, now_ms),
        Outcome::RateLimited if in_service => {
            let span = match account.quota {
                0 => policy.cooldown_429_empty,
                _ => policy.cooldown_429_quota,
            };
            vec![cool(
                account,
                CooldownReason::RateLimited,
                after(now_ms, span),
            )]
        }
        Outcome::Unauthorized { reason } => {
            let fail_count = account.fail_count.saturating_add(1);
            let mut changes = vec![failed(fail_count, now_ms, reason)];
            if in_service && fail_count >= policy.fail_threshold.max(1) {
                changes.push(expire());
            }
            changes
        }
        Outcome::Blocked { reason } if in_service => {
            vec![failed(account.fail_count, now_ms, reason), expire()]
        }
        Outcome::Walled => vec![checked(CheckResult::Clearance, now_ms)],
        Outcome::RateLimited
        | Outcome::Blocked { .. }
        | Outcome::UpstreamFailure { .. }
        | Outcome::Unharmed => Vec::new(),
    }
}

/// A success shows that the credential works, so stray 401s do not add up over months. On an
/// expired account (the request began before it expired) the failures stay: they say why.
fn after_success(account: &Account, cost: u32, now_ms: i64) -> Vec<Change> {
    let used = cost.min(account.quota);
    let mut changes = vec![Change::Used {
        used,
        at_ms: now_ms,
    }];
    if account.has_failures() && account.status != Status::Expired {
        changes.push(Change::FailuresCleared);
    }
    let emptied = used > 0 && used == account.quota;
    if emptied && matches!(account.status, Status::Active | Status::Cooling) {
        let until_ms = after(now_ms, account.tier.window());
        changes.push(cool(account, CooldownReason::QuotaEmpty, until_ms));
    }
    changes
}

/// A successful quota query.
///
/// - Quota above 0 makes a cooling or expired account active. Exception: after a 429 *with quota left*
///   the same report is no news, so that cooldown runs to its (short) end.
/// - Quota 0 cools an active account until its window ends, as told or by its tier, and stretches a short cooldown after a 429.
/// - A disabled account stays disabled, an expired one without quota stays expired.
fn after_sync(
    account: &Account,
    report: &QuotaReport,
    now_ms: i64,
    policy: &Policy,
) -> Vec<Change> {
    let quota = report.quota;
    let mut changes = vec![Change::Synced {
        at_ms: Some(now_ms),
    }];
    let by_window = |window| account.tier.after_window(window);
    let tier = report.tier.or(report.window.map(by_window));
    let tier = tier.unwrap_or(account.tier);
    if tier != account.tier {
        changes.push(Change::Tier { tier });
    }
    changes.extend(windows_told(account, &report.windows));
    if quota != account.quota {
        changes.push(Change::Quota { quota });
    }
    if account.has_failures() {
        changes.push(Change::FailuresCleared);
    }
    let limited_with_quota = account.quota > 0
        && account
            .cooldown
            .is_some_and(|c| c.reason == CooldownReason::RateLimited);
    let status = match account.status {
        Status::Active if quota == 0 => {
            let until_ms = report.empty_until_ms;
            let until_ms = until_ms.unwrap_or_else(|| after(now_ms, tier.window()));
            Some(cool(account, CooldownReason::QuotaEmpty, until_ms))
        }
        Status::Cooling if quota == 0 && limited_with_quota => {
            let until_ms = after(now_ms, policy.cooldown_429_empty);
            Some(cool(account, CooldownReason::RateLimited, until_ms))
        }
        Status::Cooling if quota > 0 && !limited_with_quota => Some(activate()),
        Status::Expired if quota > 0 => Some(activate()),
        Status::Active | Status::Cooling | Status::Expired | Status::Disabled => None,
    };
    changes.push(checked(sync_result(account, status.as_ref()), now_ms));
    changes.extend(status);
    changes
}

/// A question that was answered found the account fine, or cooling on.
fn sync_result(account: &Account, status: Option<&Change>) -> CheckResult {
    let until_ms = match status {
        Some(Change::Status { cooldown, .. }) => cooldown.map(|cooldown| cooldown.until_ms),
        _ => account.cooling_until_ms(),
    };
    until_ms.map_or(CheckResult::Fine, |until_ms| CheckResult::Limited {
        until_ms,
    })
}

fn checked(result: CheckResult, at_ms: i64) -> Change {
    Change::Checked {
        check: Some(Check { at_ms, result }),
    }
}

/// The account's windows, if the news changes them.
fn windows_told(account: &Account, news: &[QuotaWindow]) -> Option<Change> {
    let windows = merge_windows(&account.windows, news);
    (windows != account.windows).then_some(Change::Windows { windows })
}

/// Nothing that the upstream said counts any more: the quota is a guess until it is asked.
fn forget_answers(account: &Account) -> Vec<Change> {
    let mut changes = Vec::new();
    if account.last_sync_at_ms.is_some() {
        changes.push(Change::Synced { at_ms: None });
    }
    if !account.windows.is_empty() {
        let windows = Vec::new();
        changes.push(Change::Windows { windows });
    }
    if account.last_check.is_some() {
        changes.push(Change::Checked { check: None });
    }
    changes
}

/// What the upstream said of the old credential, good or bad, says nothing of the new one. Whom the
/// operator has switched off stays so.
fn after_replacement(account: &Account) -> Vec<Change> {
    let mut changes = after_reset(account);
    if account.status == Status::Disabled {
        changes.retain(|change| !matches!(change, Change::Status { .. }));
    }
    changes
}

fn after_reset(account: &Account) -> Vec<Change> {
    let mut changes = forget_answers(account);
    let quota = account.tier.default_quota();
    if account.quota != quota {
        changes.push(Change::Quota { quota });
    }
    if account.has_failures() {
        changes.push(Change::FailuresCleared);
    }
    if account.status != Status::Active || account.cooldown.is_some() {
        changes.push(activate());
    }
    changes
}

/// The operator wants the account to serve now: whatever cooldown it has ends, with a fresh window if
/// it was empty. If the upstream disagrees, its next answer says so.
fn after_enable(account: &Account) -> Vec<Change> {
    if account.status == Status::Active {
        return Vec::new();
    }
    let mut changes = Vec::new();
    if account.quota == 0 {
        let quota = account.tier.default_quota();
        changes.push(Change::Quota { quota });
    }
    if account.has_failures() {
        changes.push(Change::FailuresCleared);
    }
    changes.push(activate());
    changes
}

/// Starts a cooldown, or prolongs the running one; never shortens it.
fn cool(account: &Account, reason: CooldownReason, until_ms: i64) -> Change {
    let until_ms = account
        .cooling_until_ms()
        .map_or(until_ms, |running| running.max(until_ms));
    Change::Status {
        status: Status::Cooling,
        cooldown: Some(Cooldown { until_ms, reason }),
    }
}

fn activate() -> Change {
    Change::Status {
        status: Status::Active,
        cooldown: None,
    }
}

fn expire() -> Change {
    Change::Status {
        status: Status::Expired,
        cooldown: None,
    }
}

fn failed(fail_count: u32, at_ms: i64, reason: &str) -> Change {
    Change::Failed {
        fail_count,
        at_ms,
        reason: reason.to_owned(),
    }
}
