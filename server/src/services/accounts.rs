//! Account administration: one place for the pages and, later, the admin API.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use grok2api_app::{
    dto::{
        self, AccountCounts, AccountList, AccountQuery, AccountRow, AccountSort, AccountStatus,
        DeletedAccounts, ImportPreview, LineStatus, PreviewLine,
    },
    error::UiError,
    service::{AdminProof, AdminService},
};
use parking_lot::Mutex;
use pool::{
    Account, AccountChange, AccountId, AccountView, CooldownReason, Credential, Event, PageQuery,
    Pool, SortKey, Status, Tier,
};
use store::{Record, Store, bounded};
use uuid::Uuid;

use super::first_account;
use crate::{
    clock::now_ms,
    runtime::{Runtime, demo},
    snapshot::Current,
};

/// How long a deletion can be undone.
const UNDO_FOR: Duration = Duration::from_secs(300);
/// Deletions that can be undone at once; the oldest is forgotten first.
const MAX_UNDOS: usize = 20;
/// Lines of a preview that are shown one by one.
const MAX_PREVIEW_LINES: usize = 500;
const MAX_PAGE_SIZE: u32 = 500;

/// Implements [`AdminService`].
pub struct Accounts {
    current: Current,
    runtime: Arc<Runtime>,
    store: Arc<dyn Store>,
    undo: Mutex<Vec<Undo>>,
}

struct Undo {
    id: String,
    until: Instant,
    accounts: Vec<Account>,
}

/// Pasted text, checked line by line.
struct ImportCheck {
    preview: ImportPreview,
    new: Vec<Credential>,
}

impl Accounts {
    #[must_use]
    pub fn new(current: Current, runtime: Arc<Runtime>, store: Arc<dyn Store>) -> Self {
        Self {
            current,
            runtime,
            store,
            undo: Mutex::new(Vec::new()),
        }
    }

    fn pool(&self) -> Arc<Pool> {
        self.current.load().pool.clone()
    }

    fn check_import(&self, text: &str) -> ImportCheck {
        let mut preview = ImportPreview::default();
        let pool = self.pool();
        let mut new = Vec::new();
        let mut seen = HashSet::new();
        for (at, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let credential = Credential::try_new(line).ok();
            let status = match &credential {
                None => LineStatus::Bad,
                Some(known) if pool.contains_credential(known) => LineStatus::Duplicate,
                Some(again) if !seen.insert(again.clone()) => LineStatus::Duplicate,
                Some(other) if !other.looks_like_a_token() => LineStatus::Doubtful,
                Some(_) => LineStatus::New,
            };
            match status {
                LineStatus::New => preview.new += 1,
                LineStatus::Doubtful => {
                    preview.new += 1;
                    preview.doubtful += 1;
                }
                LineStatus::Duplicate => preview.duplicate += 1,
                LineStatus::Bad => preview.bad += 1,
            }
            if preview.lines.len() < MAX_PREVIEW_LINES {
                let masked = credential
                    .as_ref()
                    .map_or_else(String::new, Credential::masked);
                let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
                preview.lines.push(PreviewLine {
                    number,
                    masked,
                    status,
                });
            }
            if matches!(status, LineStatus::New | LineStatus::Doubtful) {
                new.extend(credential);
            }
        }
        ImportCheck { preview, new }
    }

    /// Keeps deleted accounts for a while; the id brings them back.
    fn keep_for_undo(&self, accounts: Vec<Account>) -> String {
        let id = Uuid::new_v4().simple().to_string();
        let now = Instant::now();
        let mut undo = self.undo.lock();
        undo.retain(|entry| entry.until > now);
        if undo.len() >= MAX_UNDOS {
            undo.remove(0);
        }
        undo.push(Undo {
            id: id.clone(),
            until: now + UNDO_FOR,
            accounts,
        });
        id
    }

    fn take_undo(&self, id: &str) -> Option<Vec<Account>> {
        let mut undo = self.undo.lock();
        let at = undo.iter().position(|entry| entry.id == id)?;
        Some(undo.remove(at).accounts)
    }

    async fn record(&self, changes: Vec<AccountChange>) -> Result<(), UiError> {
        if changes.is_empty() {
            return Ok(());
        }
        let record = Record {
            changes,
            request: None,
        };
        bounded(self.store.commit(record))
            .await
            .map_err(unavailable)
    }

    /// Stores accounts, then lets the pool use them; returns how many are new to it.
    async fn insert(&self, accounts: Vec<Account>) -> Result<u32, UiError> {
        bounded(self.store.insert_accounts(&accounts))
            .await
            .map_err(unavailable)?;
        bounded(first_account::remember(self.store.as_ref()))
            .await
            .map_err(unavailable)?;
        // As stored: one whose earlier request was cut off after the commit has another id there.
        let wanted: HashSet<_> = accounts.into_iter().map(|one| one.credential).collect();
        let mut stored = bounded(self.store.load_accounts())
            .await
            .map_err(unavailable)?
            .accounts;
        stored.retain(|account| wanted.contains(&account.credential));
        let added = self.runtime.admit(stored).map_err(|error| {
            tracing::error!("accounts were not admitted: {error:#}");
            UiError::Unavailable
        })?;
        Ok(to_u32(added))
    }
}

fn unavailable(error: store::StoreError) -> UiError {
    tracing::error!(%error, "an account change was not stored");
    UiError::Unavailable
}

#[async_trait]
impl AdminService for Accounts {
    async fn list_accounts(
        &self,
        _admin: AdminProof,
        query: AccountQuery,
    ) -> Result<AccountList, UiError> {
        Ok(list(&self.pool(), &query))
    }

    async fn preview_accounts(
        &self,
        _admin: AdminProof,
        text: String,
    ) -> Result<ImportPreview, UiError> {
        Ok(self.check_import(&text).preview)
    }

    async fn add_accounts(
        &self,
        _admin: AdminProof,
        text: String,
        tier: dto::Tier,
    ) -> Result<ImportPreview, UiError> {
        let checked = self.check_import(&text);
        let tier = to_pool_tier(tier);
        let at_ms = now_ms();
        let accounts = checked
            .new
            .into_iter()
            .map(|credential| Account::new(new_account_id(), credential, tier, at_ms))
            .collect();
        let added = self.insert(accounts).await?;
        tracing::info!(added, "accounts added");
        let mut report = checked.preview;
        report.duplicate += report.new.saturating_sub(added);
        report.new = added;
        Ok(report)
    }

    async fn open_to_visitors(&self, _admin: AdminProof) -> Result<(), UiError> {
        let runtime = self.runtime.clone();
        let opened = tokio::task::spawn_blocking(move || runtime.open_to_visitors()).await;
        match opened {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(UiError::SetByEnvironment {
                variable: "GROK2API_APP__PUBLIC_ENABLED".to_owned(),
            }),
            Ok(Err(error)) => {
                tracing::error!("visitors were not let in: {error:#}");
                Err(UiError::Unavailable)
            }
            Err(_) => Err(UiError::Unavailable),
        }
    }

    async fn set_accounts_enabled(
        &self,
        _admin: AdminProof,
        ids: Vec<String>,
        enabled: bool,
    ) -> Result<u32, UiError> {
        let event = if enabled {
            Event::Enable
        } else {
            Event::Disable
        };
        let at_ms = now_ms();
        let pool = self.pool();
        let mut all_changes = Vec::new();
        let mut count = 0;
        for id in ids.into_iter().map(AccountId::new) {
            let changes = pool.apply(&id, &event, at_ms);
            count += u32::from(!changes.is_empty());
            all_changes.extend(changes);
        }
        self.record(all_changes).await?;
        Ok(count)
    }

    async fn delete_accounts(
        &self,
        _admin: AdminProof,
        ids: Vec<String>,
    ) -> Result<DeletedAccounts, UiError> {
        let ids: Vec<AccountId> = ids.into_iter().map(AccountId::new).collect();
        let pool = self.pool();
        let accounts = pool.remove(&ids);
        let count = to_u32(accounts.len());
        // Before the store is asked: a browser that leaves now cuts this off, and the accounts must
        // not be gone without a way back.
        let id = self.keep_for_undo(accounts);
        if let Err(error) = bounded(self.store.delete_accounts(&ids)).await {
            pool.insert(self.take_undo(&id).unwrap_or_default());
            return Err(unavailable(error));
        }
        tracing::info!(count, undo_id = id, "accounts deleted");
        Ok(DeletedAccounts { count, undo_id: id })
    }

    async fn restore_accounts(&self, _admin: AdminProof, undo_id: String) -> Result<u32, UiError> {
        let is_it = |entry: &Undo| entry.id == undo_id && entry.until > Instant::now();
        let accounts = {
            let undo = self.undo.lock();
            let entry = undo.iter().find(|entry| is_it(entry));
            entry.ok_or(UiError::NotFound)?.accounts.clone()
        };
        let (demo, own): (Vec<_>, Vec<_>) = accounts
            .into_iter()
            .partition(|account| demo::owns(&account.id));
        let snapshot = self.current.load_full();
        if own.is_empty() && !snapshot.mode.demo.is_on() {
            return Err(UiError::NotFound);
        }
        let stored = if own.is_empty() {
            0
        } else {
            self.insert(own).await?
        };
        let restored = if snapshot.mode.demo.is_on() {
            snapshot.pool.insert(demo)
        } else {
            0
        };
        // Only now: until the store has them, the entry is the only copy.
        self.undo.lock().retain(|entry| !is_it(entry));
        Ok(stored.saturating_add(to_u32(restored)))
    }
}

/// Ids sort by creation.
#[must_use]
pub fn new_account_id() -> AccountId {
    AccountId::new(Uuid::now_v7().simple().to_string())
}

fn to_pool_tier(tier: dto::Tier) -> Tier {
    match tier {
        dto::Tier::Basic => Tier::Basic,
        dto::Tier::Super => Tier::Super,
        dto::Tier::Heavy => Tier::Heavy,
    }
}

pub(super) fn to_page_tier(tier: Tier) -> dto::Tier {
    match tier {
        Tier::Basic => dto::Tier::Basic,
        Tier::Super => dto::Tier::Super,
        Tier::Heavy => dto::Tier::Heavy,
    }
}

fn to_page_reason(reason: CooldownReason) -> dto::CooldownReason {
    match reason {
        CooldownReason::RateLimited => dto::CooldownReason::RateLimited,
        CooldownReason::QuotaEmpty => dto::CooldownReason::QuotaEmpty,
        CooldownReason::UpstreamErrors => dto::CooldownReason::UpstreamErrors,
    }
}

fn list(pool: &Pool, query: &AccountQuery) -> AccountList {
    let search = query.search.trim().to_lowercase();
    let size = query.page_size.clamp(1, MAX_PAGE_SIZE) as usize;
    let now = now_ms();
    let page = pool.page(
        &PageQuery {
            filter: query.status.map(from_status),
            matches: &|account| search.is_empty() || matches_search(account, &search),
            sort: match query.sort {
                AccountSort::CreatedAt => SortKey::CreatedAt,
                AccountSort::LastUsed => SortKey::LastUsed,
                AccountSort::Quota => SortKey::Quota,
                AccountSort::UseCount => SortKey::UseCount,
                AccountSort::Status => SortKey::Status,
            },
            descending: query.descending,
            offset: (query.page as usize).saturating_mul(size),
            limit: size,
        },
        now,
    );
    AccountList {
        rows: page.rows.into_iter().map(to_row).collect(),
        matched: to_u32(page.matched),
        counts: counts(pool, now),
    }
}

fn counts(pool: &Pool, now_ms: i64) -> AccountCounts {
    let counts = pool.counts(now_ms);
    AccountCounts {
        total: to_u32(counts.total),
        active: to_u32(counts.active),
        cooling: to_u32(counts.cooling),
        expired: to_u32(counts.expired),
        disabled: to_u32(counts.disabled),
        quota_left: counts.quota_left,
    }
}

pub(super) fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn from_status(status: AccountStatus) -> Status {
    match status {
        AccountStatus::Active => Status::Active,
        AccountStatus::Cooling => Status::Cooling,
        AccountStatus::Expired => Status::Expired,
        AccountStatus::Disabled => Status::Disabled,
    }
}

pub(super) fn to_status(status: Status) -> AccountStatus {
    match status {
        Status::Active => AccountStatus::Active,
        Status::Cooling => AccountStatus::Cooling,
        Status::Expired => AccountStatus::Expired,
        Status::Disabled => AccountStatus::Disabled,
    }
}

fn to_row(view: AccountView) -> AccountRow {
    let account = view.account;
    AccountRow {
        is_demo: demo::owns(&account.id),
        id: account.id.to_string(),
        masked: account.credential.masked(),
        tier: to_page_tier(account.tier),
        status: to_status(account.status),
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
        last_fail_reason: account.last_fail_reason,
        in_flight: view.in_flight,
        tags: account.tags,
        note: account.note,
    }
}

/// Whether note, tags or the visible end of the credential contain a text in lower case.
fn matches_search(account: &Account, search: &str) -> bool {
    let contains = |text: &str| text.to_lowercase().contains(search);
    contains(&account.credential.masked())
        || contains(&account.note)
        || account.tags.iter().any(|tag| contains(tag))
}

/// What a fresh window allows: as the upstream told for most models, else what the tier usually has.
fn quota_limit(account: &Account) -> u32 {
    let told = account.windows.iter().find(|window| window.model == "auto");
    let told = told.and_then(|window| window.total);
    told.unwrap_or(account.tier.default_quota())
        .max(account.quota)
}

#[cfg(test)]
mod tests;
