//! Accounts' files at the upstream, for the operator's page.

use grok2api_app::{
    dto::{self, JobKind, JobState, JobTrouble, JobView},
    limits::ASSET_ACCOUNTS_PAGE,
};
use pool::{AccountView, PageQuery, Pool, SortKey};

use super::accounts::{to_page_tier, to_status, to_u32};
use crate::{clock::now_ms, gateway::Gateway};

/// The kinds of work that the page shows.
pub(super) const KINDS: [JobKind; 2] = [JobKind::CountAssets, JobKind::ClearAssets];

/// A page of the accounts, from 0, oldest first, and the last run over them.
pub(super) fn list(
    pool: &Pool,
    gateway: &Gateway,
    page: u32,
    run: Option<JobView>,
) -> dto::AssetAccounts {
    let query = PageQuery {
        filter: None,
        matches: &|_| true,
        sort: SortKey::CreatedAt,
        descending: false,
        after: None,
        offset: (page as usize).saturating_mul(ASSET_ACCOUNTS_PAGE as usize),
        limit: ASSET_ACCOUNTS_PAGE as usize,
    };
    let found = pool.page(&query, now_ms());
    dto::AssetAccounts {
        accounts: found.rows.iter().map(|row| account(gateway, row)).collect(),
        total: to_u32(found.matched),
        run: run.map(to_run),
    }
}

pub(super) fn kind(work: dto::AssetWork) -> JobKind {
    match work {
        dto::AssetWork::Count => JobKind::CountAssets,
        dto::AssetWork::Clear => JobKind::ClearAssets,
    }
}

fn account(gateway: &Gateway, view: &AccountView) -> dto::AssetAccount {
    let account = &view.account;
    let known = gateway.assets_of(&account.id);
    dto::AssetAccount {
        id: account.id.to_string(),
        masked: account.credential.masked(),
        tier: to_page_tier(account.tier),
        status: to_status(account.status),
        count: known.count.map(|count| to_u32(count.files)),
        is_cut: known.count.is_some_and(|count| count.is_cut),
        counted_at_ms: known.count.map(|count| count.at_ms),
        cleared_at_ms: known.cleared_at_ms,
    }
}

fn to_run(job: JobView) -> dto::AssetRun {
    let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    dto::AssetRun {
        work: match job.kind {
            JobKind::ClearAssets => dto::AssetWork::Clear,
            _ => dto::AssetWork::Count,
        },
        state: match job.state {
            JobState::Running => dto::AssetRunState::Running,
            JobState::Done => dto::AssetRunState::Done,
            _ => dto::AssetRunState::Stopped,
        },
        total: count(job.total),
        done: count(job.done),
        failed: count(job.failed),
        deleted: job.amount,
        failures: job.failures.into_iter().map(to_failure).collect(),
    }
}

fn to_failure(failure: dto::JobFailure) -> dto::AssetFailure {
    dto::AssetFailure {
        id: failure.id,
        masked: failure.masked,
        trouble: match failure.trouble {
            JobTrouble::SignedOut => dto::AssetTrouble::SignedOut,
            JobTrouble::Blocked => dto::AssetTrouble::Blocked,
            JobTrouble::RateLimited => dto::AssetTrouble::RateLimited,
            JobTrouble::Clearance => dto::AssetTrouble::Clearance,
            JobTrouble::Unreachable => dto::AssetTrouble::Unreachable,
            JobTrouble::InUse => dto::AssetTrouble::InUse,
            _ => dto::AssetTrouble::Refused,
        },
    }
}
