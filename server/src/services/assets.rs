//! Accounts' files at the upstream, for the operator.

use std::sync::Arc;

use grok::Class;
use grok2api_app::{dto, limits::ASSET_ACCOUNTS_PAGE};
use pool::{AccountId, AccountView, PageQuery, Pool, SortKey};

use super::accounts::{to_page_tier, to_status, to_u32};
use crate::{
    clock::now_ms,
    gateway::{
        Gateway,
        assets::{AssetFailure, AssetRun, AssetTrouble, AssetWork},
    },
    snapshot::Snapshot,
};

/// A page of the accounts, from 0, oldest first.
pub(super) fn list(pool: &Pool, gateway: &Gateway, page: u32) -> dto::AssetAccounts {
    let query = PageQuery {
        filter: None,
        matches: &|_| true,
        sort: SortKey::CreatedAt,
        descending: false,
        offset: (page as usize).saturating_mul(ASSET_ACCOUNTS_PAGE as usize),
        limit: ASSET_ACCOUNTS_PAGE as usize,
    };
    let found = pool.page(&query, now_ms());
    dto::AssetAccounts {
        accounts: found.rows.iter().map(|row| account(gateway, row)).collect(),
        total: to_u32(found.matched),
        run: gateway.asset_run().map(to_run),
    }
}

/// `false` while another run is under way.
pub(super) fn start(
    gateway: &Arc<Gateway>,
    snapshot: &Snapshot,
    work: dto::AssetWork,
    ids: Option<Vec<String>>,
) -> bool {
    let work = match work {
        dto::AssetWork::Count => AssetWork::Count,
        dto::AssetWork::Clear => AssetWork::Clear,
    };
    let ids: Option<Vec<_>> = ids.map(|ids| ids.into_iter().map(AccountId::new).collect());
    gateway.start_assets(snapshot, work, ids.as_deref())
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

fn to_run(run: AssetRun) -> dto::AssetRun {
    dto::AssetRun {
        work: match run.work {
            AssetWork::Count => dto::AssetWork::Count,
            AssetWork::Clear => dto::AssetWork::Clear,
        },
        state: match (run.is_over, run.is_stopped) {
            (false, _) => dto::AssetRunState::Running,
            (true, false) => dto::AssetRunState::Done,
            (true, true) => dto::AssetRunState::Stopped,
        },
        total: to_u32(run.total),
        done: to_u32(run.done),
        failed: to_u32(run.failed),
        deleted: run.deleted,
        failures: run.failures.into_iter().map(to_failure).collect(),
    }
}

fn to_failure(failure: AssetFailure) -> dto::AssetFailure {
    dto::AssetFailure {
        id: failure.id.to_string(),
        masked: format!("…{}", failure.last_four),
        trouble: match failure.trouble {
            AssetTrouble::InUse => dto::AssetTrouble::InUse,
            AssetTrouble::Paused => dto::AssetTrouble::Clearance,
            AssetTrouble::Upstream(class) => match class {
                Class::Unauthorized => dto::AssetTrouble::SignedOut,
                Class::Blocked => dto::AssetTrouble::Blocked,
                Class::RateLimited => dto::AssetTrouble::RateLimited,
                Class::Clearance => dto::AssetTrouble::Clearance,
                Class::Retryable => dto::AssetTrouble::Unreachable,
                Class::Moderated | Class::Fatal => dto::AssetTrouble::Refused,
            },
        },
    }
}
