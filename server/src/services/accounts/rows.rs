//! Accounts as pages and programs see them.

use std::cell::Cell;

use grok2api_app::dto::{
    self, AccountCounts, AccountDetail, AccountRow, AccountSort, AccountStatus,
};
use pool::{Account, AccountView, CheckResult, Condition, CooldownReason, SortKey, Status, Tier};

use crate::{runtime::demo, services::forecast::TierForecast};

pub(in crate::services) fn to_pool_tier(tier: dto::Tier) -> Tier {
    match tier {
        dto::Tier::Basic => Tier::Basic,
        dto::Tier::Super => Tier::Super,
        dto::Tier::Heavy => Tier::Heavy,
    }
}

pub(in crate::services) fn to_page_tier(tier: Tier) -> dto::Tier {
    match tier {
        Tier::Basic => dto::Tier::Basic,
        Tier::Super => dto::Tier::Super,
        Tier::Heavy => dto::Tier::Heavy,
    }
}

/// `None` for a tier that this version does not know.
pub(super) fn to_page_forecast(told: &TierForecast) -> Option<dto::TierForecast> {
    Some(dto::TierForecast {
        tier: to_page_tier(Tier::from_name(told.tier)?),
        quota: told.quota,
        used_last_hour: told.used_last_hour,
        next_refill_at_ms: told.next_refill_at_ms,
        empty_at_ms: told.empty_at_ms,
    })
}

fn to_page_reason(reason: CooldownReason) -> dto::CooldownReason {
    match reason {
        CooldownReason::RateLimited => dto::CooldownReason::RateLimited,
        CooldownReason::QuotaEmpty => dto::CooldownReason::QuotaEmpty,
        CooldownReason::UpstreamErrors => dto::CooldownReason::UpstreamErrors,
    }
}

/// Counts an account in.
pub(super) fn count(counts: &Cell<AccountCounts>, account: &Account, condition: Condition) {
    let mut now = counts.get();
    now.total += 1;
    *match condition {
        Condition::Active => &mut now.active,
        Condition::Unknown => &mut now.unknown,
        Condition::Failing => &mut now.failing,
        Condition::Cooling => &mut now.cooling,
        Condition::Refused => &mut now.refused,
        Condition::Blocked => &mut now.blocked,
        Condition::Disabled => &mut now.disabled,
    } += 1;
    // What nobody told is a guess.
    if account.status == Status::Active && account.last_sync_at_ms.is_some() {
        now.quota_left += u64::from(account.quota);
    }
    counts.set(now);
}

pub(super) fn to_condition(condition: Condition) -> dto::Condition {
    match condition {
        Condition::Active => dto::Condition::Active,
        Condition::Unknown => dto::Condition::Unknown,
        Condition::Failing => dto::Condition::Failing,
        Condition::Cooling => dto::Condition::Cooling,
        Condition::Refused => dto::Condition::Refused,
        Condition::Blocked => dto::Condition::Blocked,
        Condition::Disabled => dto::Condition::Disabled,
    }
}

pub(in crate::services) fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

pub(in crate::services) fn to_status(status: Status) -> AccountStatus {
    match status {
        Status::Active => AccountStatus::Active,
        Status::Cooling => AccountStatus::Cooling,
        Status::Expired => AccountStatus::Expired,
        Status::Disabled => AccountStatus::Disabled,
    }
}

pub(super) fn to_row(view: AccountView) -> AccountRow {
    let account = view.account;
    AccountRow {
        is_demo: demo::owns(&account.id),
        id: account.id.to_string(),
        masked: account.credential.masked(),
        tier: to_page_tier(account.tier),
        status: to_status(account.status),
        condition: to_condition(Condition::of(&account)),
        quota: account.quota,
        quota_limit: quota_limit(&account),
        cooldown: account.cooldown.map(|cooldown| dto::Cooldown {
            until_ms: cooldown.until_ms,
            reason: to_page_reason(cooldown.reason),
        }),
        last_used_at_ms: account.last_used_at_ms,
        created_at_ms: account.created_at_ms,
        use_count: account.use_count,
        fail_count: account.fail_count,
        last_fail_at_ms: account.last_fail_at_ms,
        last_fail_reason: account.last_fail_reason,
        last_sync_at_ms: account.last_sync_at_ms,
        last_check: account.last_check.map(to_page_check),
        in_flight: view.in_flight,
        tags: account.tags,
        note: account.note,
    }
}

/// What a fresh window allows: as the upstream told for most models, else what the tier usually has.
fn quota_limit(account: &Account) -> u32 {
    let told = account.windows.iter().find(|window| window.model == "auto");
    let told = told.and_then(|window| window.total);
    told.unwrap_or(account.tier.default_quota())
        .max(account.quota)
}

pub(super) fn to_detail(view: AccountView) -> AccountDetail {
    let account = &view.account;
    let window = |window: &pool::QuotaWindow| dto::QuotaWindow {
        model: window.model.clone(),
        remaining: window.remaining,
        total: window.total,
        resets_at_ms: window.resets_at_ms,
        asked_at_ms: window.asked_at_ms,
    };
    AccountDetail {
        windows: account.windows.iter().map(window).collect(),
        proxy: account.proxy.as_ref().map(|proxy| proxy.redacted()),
        last_asset_clear_at_ms: account.last_asset_clear_at_ms,
        row: to_row(view),
    }
}

fn to_page_check(check: pool::Check) -> dto::AccountCheck {
    dto::AccountCheck {
        at_ms: check.at_ms,
        result: to_page_result(check.result),
        until_ms: check.result.until_ms(),
    }
}

fn to_page_result(result: CheckResult) -> dto::CheckResult {
    match result {
        CheckResult::Fine => dto::CheckResult::Fine,
        CheckResult::Refused => dto::CheckResult::Refused,
        CheckResult::Blocked => dto::CheckResult::Blocked,
        CheckResult::Clearance => dto::CheckResult::Clearance,
        CheckResult::Limited { .. } => dto::CheckResult::Limited,
        CheckResult::Unreachable => dto::CheckResult::Unreachable,
    }
}

pub(super) fn to_sort_key(sort: AccountSort) -> SortKey {
    match sort {
        AccountSort::CreatedAt => SortKey::CreatedAt,
        AccountSort::LastUsed => SortKey::LastUsed,
        AccountSort::Quota => SortKey::Quota,
        AccountSort::UseCount => SortKey::UseCount,
        AccountSort::Status => SortKey::Status,
    }
}
