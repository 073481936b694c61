//! Account administration: one place for the pages and, later, the admin API.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use grok2api_app::{
    dto::{
        AccountCounts, AccountList, AccountQuery, AccountRow, AccountSort, AccountStatus,
        AccountTier, DeletedAccounts, Demo, ImportPreview, LineVerdict, PreviewLine,
    },
    error::UiError,
    service::{AdminProof, AdminService},
};
use parking_lot::Mutex;
use pool::{Account, AccountChange, AccountId, AccountView, Credential, Event, Pool, Status, Tier};
use store::{Record, Store};
use uuid::Uuid;

use crate::{clock::now_ms, demo, state::Live};

/// How long a deletion can be undone.
const UNDO_FOR: Duration = Duration::from_secs(300);
/// Deletions that can be undone at once; the oldest is forgotten first.
const MAX_UNDOS: usize = 20;
/// Lines of a preview that are shown one by one.
const MAX_PREVIEW_LINES: usize = 500;
const MAX_PAGE_SIZE: u32 = 500;

/// Implements [`AdminService`].
pub struct Accounts {
    live: Arc<ArcSwap<Live>>,
    store: Arc<dyn Store>,
    undo: Mutex<Vec<Undo>>,
    /// What takes over from the demo when the operator adds the first account.
    after_demo: Mutex<Option<Arc<Live>>>,
}

struct Undo {
    id: String,
    until: Instant,
    accounts: Vec<Account>,
}

/// Pasted text, judged line by line.
struct Judged {
    preview: ImportPreview,
    new: Vec<Credential>,
}

impl Accounts {
    #[must_use]
    pub fn new(
        live: Arc<ArcSwap<Live>>,
        after_demo: Option<Arc<Live>>,
        store: Arc<dyn Store>,
    ) -> Self {
        Self {
            live,
            store,
            undo: Mutex::new(Vec::new()),
            after_demo: Mutex::new(after_demo),
        }
    }

    fn pool(&self) -> Arc<Pool> {
        self.live.load().pool.clone()
    }

    fn judge(&self, text: &str) -> Judged {
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
            let verdict = match &credential {
                None => LineVerdict::Bad,
                Some(known) if pool.contains_credential(known) => LineVerdict::Duplicate,
                Some(again) if !seen.insert(again.clone()) => LineVerdict::Duplicate,
                Some(_) => LineVerdict::New,
            };
            match verdict {
                LineVerdict::New => preview.new += 1,
                LineVerdict::Duplicate => preview.duplicate += 1,
                LineVerdict::Bad => preview.bad += 1,
            }
            if preview.lines.len() < MAX_PREVIEW_LINES {
                let masked = credential
                    .as_ref()
                    .map_or_else(String::new, Credential::masked);
                let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
                preview.lines.push(PreviewLine {
                    number,
                    masked,
                    verdict,
                });
            }
            if verdict == LineVerdict::New {
                new.extend(credential);
            }
        }
        Judged { preview, new }
    }

    async fn record(&self, changes: Vec<AccountChange>) -> Result<(), UiError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.store
            .commit(Record {
                changes,
                usage: None,
            })
            .await
            .map_err(unavailable)
    }

    /// Stores accounts, then lets the pool use them; returns how many are new to it.
    async fn insert(&self, accounts: Vec<Account>) -> Result<u32, UiError> {
        self.store
            .insert_accounts(&accounts)
            .await
            .map_err(unavailable)?;
        // As stored: one whose earlier request was cut off after the commit has another id there.
        let wanted: HashSet<_> = accounts.into_iter().map(|one| one.credential).collect();
        let mut stored = self.store.load_accounts().await.map_err(unavailable)?;
        stored.retain(|account| wanted.contains(&account.credential));
        let added = self.admit(stored);
        Ok(u32::try_from(added).unwrap_or(u32::MAX))
    }

    /// Puts stored accounts into the pool. The first ones end the demo: from the next request on
    /// Grok itself answers.
    fn admit(&self, accounts: Vec<Account>) -> usize {
        if accounts.is_empty() {
            return 0;
        }
        let mut after_demo = self.after_demo.lock();
        let Some(own) = after_demo.take() else {
            let live = self.live.load();
            return match live.mode.demo {
                // They wait in the store: the simulator must neither see them nor use them up.
                Demo::Lasting => accounts.len(),
                _ => live.pool.insert(accounts),
            };
        };
        let added = own.pool.insert(accounts);
        self.live.store(own);
        tracing::info!("demo mode is over: the added accounts answer from now on");
        added
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
        Ok(list(self.pool().snapshot(now_ms()), &query))
    }

    async fn preview_accounts(
        &self,
        _admin: AdminProof,
        text: String,
    ) -> Result<ImportPreview, UiError> {
        Ok(self.judge(&text).preview)
    }

    async fn add_accounts(
        &self,
        _admin: AdminProof,
        text: String,
        tier: AccountTier,
    ) -> Result<ImportPreview, UiError> {
        let judged = self.judge(&text);
        let kind = pool_kind(tier);
        let at_ms = now_ms();
        let accounts = judged
            .new
            .into_iter()
            .map(|credential| Account::new(new_account_id(), credential, kind, at_ms))
            .collect();
        let added = self.insert(accounts).await?;
        tracing::info!(added, "accounts added");
        let mut report = judged.preview;
        report.duplicate += report.new.saturating_sub(added);
        report.new = added;
        Ok(report)
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
        if let Err(error) = self.store.delete_accounts(&ids).await {
            pool.insert(accounts);
            return Err(unavailable(error));
        }
        let count = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
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
        tracing::info!(count, "accounts deleted");
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
        let live = self.live.load_full();
        if own.is_empty() && !live.mode.demo.is_on() {
            return Err(UiError::NotFound);
        }
        let stored = if own.is_empty() {
            0
        } else {
            self.insert(own).await?
        };
        let restored = if live.mode.demo.is_on() {
            live.pool.insert(demo)
        } else {
            0
        };
        // Only now: until the store has them, the entry is the only copy.
        self.undo.lock().retain(|entry| !is_it(entry));
        Ok(stored.saturating_add(u32::try_from(restored).unwrap_or(u32::MAX)))
    }
}

/// Ids sort by creation.
#[must_use]
pub fn new_account_id() -> AccountId {
    AccountId::new(Uuid::now_v7().simple().to_string())
}

fn pool_kind(tier: AccountTier) -> Tier {
    match tier {
        AccountTier::Basic => Tier::Basic,
        AccountTier::Super => Tier::Super,
        AccountTier::Heavy => Tier::Heavy,
    }
}

fn list(views: Vec<AccountView>, query: &AccountQuery) -> AccountList {
    let counts = count(&views);
    let search = query.search.trim().to_lowercase();
    let mut rows: Vec<AccountRow> = views
        .into_iter()
        .filter(|view| {
            query
                .status
                .is_none_or(|status| status == to_status(view.account.status))
        })
        .map(to_row)
        .filter(|row| search.is_empty() || row_matches(row, &search))
        .collect();
    sort(&mut rows, query);
    let matched = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let size = query.page_size.clamp(1, MAX_PAGE_SIZE) as usize;
    let rows = rows
        .into_iter()
        .skip(query.page as usize * size)
        .take(size)
        .collect();
    AccountList {
        rows,
        matched,
        counts,
    }
}

fn count(views: &[AccountView]) -> AccountCounts {
    let mut by_status: HashMap<&'static str, u32> = HashMap::new();
    let mut quota_left = 0;
    for view in views {
        *by_status.entry(view.account.status.as_str()).or_default() += 1;
        if view.account.status == Status::Active {
            quota_left += u64::from(view.account.quota);
        }
    }
    let of = |status: Status| by_status.get(status.as_str()).copied().unwrap_or(0);
    AccountCounts {
        total: u32::try_from(views.len()).unwrap_or(u32::MAX),
        active: of(Status::Active),
        cooling: of(Status::Cooling),
        expired: of(Status::Expired),
        disabled: of(Status::Disabled),
        quota_left,
    }
}

fn to_status(status: Status) -> AccountStatus {
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
        id: account.id.to_string(),
        masked: account.credential.masked(),
        tier: match account.tier {
            Tier::Basic => AccountTier::Basic,
            Tier::Super => AccountTier::Super,
            Tier::Heavy => AccountTier::Heavy,
        },
        status: to_status(account.status),
        quota: account.quota,
        quota_limit: account.tier.default_quota().max(account.quota),
        cooling_until_ms: account.cooldown.as_ref().map(|cooldown| cooldown.until_ms),
        cooling_reason: account
            .cooldown
            .map(|cooldown| cooldown.reason.as_str().to_owned()),
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

fn row_matches(row: &AccountRow, search: &str) -> bool {
    row.masked.to_lowercase().contains(search)
        || row.note.to_lowercase().contains(search)
        || row
            .tags
            .iter()
            .any(|tag| tag.to_lowercase().contains(search))
}

fn sort(rows: &mut [AccountRow], query: &AccountQuery) {
    rows.sort_by(|a, b| {
        let order = match query.sort {
            AccountSort::CreatedAt => a.created_at_ms.cmp(&b.created_at_ms),
            AccountSort::LastUsed => a.last_used_at_ms.cmp(&b.last_used_at_ms),
            AccountSort::Quota => a.quota.cmp(&b.quota),
            AccountSort::UseCount => a.use_count.cmp(&b.use_count),
            AccountSort::Status => (a.status as u8).cmp(&(b.status as u8)),
        };
        let order = order.then_with(|| a.id.cmp(&b.id));
        if query.descending {
            order.reverse()
        } else {
            order
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{boot, config::Config, state::Mode};

    #[tokio::test]
    async fn an_account_that_only_the_store_has_serves_once_it_is_added_again() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = boot::open_store(folder.path()).await.unwrap();
        let mode = Mode {
            demo: Demo::Off,
            is_public: false,
        };
        let live = boot::live(Config::default(), mode, Vec::new()).unwrap();
        let page = Accounts::new(
            Arc::new(ArcSwap::from_pointee(live)),
            None,
            Arc::clone(&store),
        );
        // What is left when the browser goes away while the account is being stored.
        let credential = Credential::try_new("cut-off-0001").unwrap();
        let account = Account::new(new_account_id(), credential, Tier::Basic, now_ms());
        store.insert_accounts(&[account]).await.unwrap();

        let add = |text: &str| {
            let proof = AdminProof::checked();
            page.add_accounts(proof, text.to_owned(), AccountTier::Basic)
        };
        let report = add("cut-off-0001").await.unwrap();
        assert_eq!((report.new, report.duplicate), (1, 0));
        assert_eq!(page.pool().len(), 1);
        let report = add("cut-off-0001").await.unwrap();
        assert_eq!((report.new, report.duplicate), (0, 1));
    }
}
