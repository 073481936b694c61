//! Deleted accounts, kept for a while by the store, so that every instance can bring them back.

use grok2api_app::error::UiError;
use pool::{
    Account, AccountId, AccountProxy, Check, CheckResult, Cooldown, CooldownReason, Credential,
    QuotaWindow, Status, Tier,
};
use serde::{Deserialize, Serialize};
use store::{
    DOCUMENT_BYTES, Document, DocumentKind, DocumentQuery, Page, Store, bounded, cut_note, cut_tags,
};
use uuid::Uuid;

use super::unavailable;
use crate::clock::now_ms;

/// How long a deletion can be undone.
const UNDO_FOR_MS: i64 = 300_000;

/// An account as it is kept; the store encrypts it. The names are stored.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    credential: String,
    tier: String,
    status: String,
    quota: u32,
    windows: Vec<KeptWindow>,
    created_at_ms: i64,
    last_used_at_ms: Option<i64>,
    use_count: u64,
    fail_count: u32,
    last_fail_at_ms: Option<i64>,
    last_fail_reason: Option<String>,
    last_sync_at_ms: Option<i64>,
    last_check: Option<(i64, String, Option<i64>)>,
    cooldown: Option<(i64, String)>,
    tags: Vec<String>,
    note: String,
    last_asset_clear_at_ms: Option<i64>,
    proxy: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct KeptWindow {
    model: String,
    remaining: u32,
    total: Option<u32>,
    window_secs: Option<u64>,
    resets_at_ms: Option<i64>,
    asked_at_ms: i64,
}

impl Kept {
    fn of(account: &Account) -> Self {
        let check = account.last_check;
        let check = check.map(|one| (one.at_ms, one.result));
        let cooldown = account.cooldown;
        Self {
            id: account.id.to_string(),
            credential: account.credential.expose().to_owned(),
            tier: account.tier.as_str().to_owned(),
            status: account.status.as_str().to_owned(),
            quota: account.quota,
            windows: account.windows.iter().map(KeptWindow::of).collect(),
            created_at_ms: account.created_at_ms,
            last_used_at_ms: account.last_used_at_ms,
            use_count: account.use_count,
            fail_count: account.fail_count,
            last_fail_at_ms: account.last_fail_at_ms,
            last_fail_reason: account.last_fail_reason.clone(),
            last_sync_at_ms: account.last_sync_at_ms,
            last_check: check
                .map(|(at_ms, result)| (at_ms, result.as_str().to_owned(), result.until_ms())),
            cooldown: cooldown.map(|one| (one.until_ms, one.reason.as_str().to_owned())),
            tags: account.tags.clone(),
            note: account.note.clone(),
            last_asset_clear_at_ms: account.last_asset_clear_at_ms,
            proxy: account
                .proxy
                .as_ref()
                .map(|proxy| proxy.expose().to_owned()),
        }
    }

    /// Without what can be said again or is asked for again.
    fn shortened(self) -> Self {
        let reason = self.last_fail_reason.as_deref();
        Self {
            tags: cut_tags(self.tags.iter().map(String::as_str)),
            note: cut_note(&self.note),
            last_fail_reason: reason.map(cut_note),
            windows: Vec::new(),
            ..self
        }
    }

    fn open(self) -> Option<Account> {
        let check = self.last_check.and_then(|(at_ms, name, until_ms)| {
            let result = CheckResult::from_name(&name, until_ms)?;
            Some(Check { at_ms, result })
        });
        let cooldown = self.cooldown.and_then(|(until_ms, name)| {
            let reason = CooldownReason::from_name(&name)?;
            Some(Cooldown { until_ms, reason })
        });
        let proxy = self.proxy.as_deref();
        Some(Account {
            id: AccountId::new(self.id),
            credential: Credential::try_new(&self.credential).ok()?,
            tier: Tier::from_name(&self.tier)?,
            status: Status::from_name(&self.status)?,
            quota: self.quota,
            windows: self.windows.into_iter().map(KeptWindow::open).collect(),
            created_at_ms: self.created_at_ms,
            last_used_at_ms: self.last_used_at_ms,
            use_count: self.use_count,
            fail_count: self.fail_count,
            last_fail_at_ms: self.last_fail_at_ms,
            last_fail_reason: self.last_fail_reason,
            last_sync_at_ms: self.last_sync_at_ms,
            last_check: check,
            cooldown,
            tags: self.tags,
            note: self.note,
            last_asset_clear_at_ms: self.last_asset_clear_at_ms,
            proxy: proxy.and_then(|proxy| AccountProxy::try_new(proxy).ok()),
        })
    }
}

impl KeptWindow {
    fn of(window: &QuotaWindow) -> Self {
        Self {
            model: window.model.clone(),
            remaining: window.remaining,
            total: window.total,
            window_secs: window.window_secs,
            resets_at_ms: window.resets_at_ms,
            asked_at_ms: window.asked_at_ms,
        }
    }

    fn open(self) -> QuotaWindow {
        QuotaWindow {
            model: self.model,
            remaining: self.remaining,
            total: self.total,
            window_secs: self.window_secs,
            resets_at_ms: self.resets_at_ms,
            asked_at_ms: self.asked_at_ms,
        }
    }
}

/// A deletion that can be undone.
pub(super) struct Undo<'a> {
    store: &'a dyn Store,
    id: String,
    chunks: u32,
}

impl<'a> Undo<'a> {
    pub(super) fn new(store: &'a dyn Store) -> Self {
        Self {
            store,
            id: Uuid::new_v4().simple().to_string(),
            chunks: 0,
        }
    }

    /// Keeps accounts that are about to be deleted.
    pub(super) async fn keep(&mut self, accounts: &[Account]) -> Result<(), UiError> {
        let now = now_ms();
        for data in packed(accounts) {
            self.chunks += 1;
            let document = Document {
                kind: DocumentKind::Undo,
                id: format!("{}-{:06}", self.id, self.chunks),
                group: self.id.clone(),
                at_ms: self.chunks.into(),
                expires_ms: now.saturating_add(UNDO_FOR_MS),
                revision: 1,
                data,
            };
            let put = bounded(self.store.put_document(document));
            put.await.map_err(unavailable)?;
        }
        Ok(())
    }

    pub(super) fn into_id(self) -> String {
        self.id
    }
}

/// Lists of accounts, each as large as a document may be. An account that is larger than that, since
/// whoever stored it did not ask how much one may say of it, is kept with less of it.
fn packed(accounts: &[Account]) -> Vec<String> {
    let mut lists: Vec<String> = Vec::new();
    for account in accounts {
        let kept = Kept::of(account);
        let mut json = serde_json::to_string(&kept).unwrap_or_default();
        if json.len() > DOCUMENT_BYTES - "[]".len() {
            json = serde_json::to_string(&kept.shortened()).unwrap_or_default();
        }
        match lists.last_mut() {
            Some(list) if list.len() + ",]".len() + json.len() <= DOCUMENT_BYTES => {
                list.push(',');
                list.push_str(&json);
            }
            _ => lists.push(format!("[{json}")),
        }
    }
    lists.iter_mut().for_each(|list| list.push(']'));
    lists
}

/// The accounts of a deletion that can still be undone.
pub(super) async fn kept(store: &dyn Store, id: &str) -> Result<Vec<Account>, UiError> {
    let mut query = DocumentQuery {
        kind: DocumentKind::Undo,
        group: id.to_owned(),
        after: None,
        limit: u32::MAX,
    };
    let (mut accounts, now) = (Vec::new(), now_ms());
    loop {
        let page = bounded(store.list_documents(&query)).await;
        let Page { rows, has_more } = page.map_err(unavailable)?;
        query.after = rows.last().map(|last| (last.at_ms, last.id.clone()));
        for document in rows.into_iter().filter(|one| one.expires_ms > now) {
            let kept = serde_json::from_str::<Vec<Kept>>(&document.data);
            accounts.extend(kept.unwrap_or_default().into_iter().filter_map(Kept::open));
        }
        if !has_more || query.after.is_none() {
            return Ok(accounts);
        }
    }
}

/// The accounts are back.
pub(super) async fn forget(store: &dyn Store, id: &str) -> Result<(), UiError> {
    let forgotten = bounded(store.delete_documents(DocumentKind::Undo, id)).await;
    forgotten.map(drop).map_err(unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_filled_by_their_bytes_and_none_is_too_large() {
        let account = |n: usize, note: usize| {
            let credential = Credential::try_new(&format!("kept-account-{n:04}")).unwrap();
            let mut account =
                Account::new(AccountId::new(n.to_string()), credential, Tier::Basic, 7);
            account.note = "\u{1}".repeat(note);
            account
        };
        // One character of the note is six bytes of JSON.
        let notes = [0, 20_000, 40_000, 200_000, 0].into_iter().chain([0; 500]);
        let accounts: Vec<_> = notes.zip(0..).map(|(note, n)| account(n, note)).collect();
        let lists = packed(&accounts);
        assert!(lists.iter().all(|list| list.len() <= DOCUMENT_BYTES));
        assert_eq!(lists.len(), 3);
        let kept = lists.iter().flat_map(|list| {
            let kept: Vec<Kept> = serde_json::from_str(list).unwrap();
            kept.into_iter().filter_map(Kept::open)
        });
        let kept: Vec<_> = kept.collect();
        assert_eq!((kept.len(), &kept[..3]), (accounts.len(), &accounts[..3]));
        assert_eq!(kept[3].note, cut_note(&accounts[3].note));
    }

    #[test]
    fn an_account_comes_back_as_it_was() {
        let credential = Credential::try_new("kept-account-0001").unwrap();
        let mut account = Account::new(AccountId::new("a"), credential, Tier::Super, 7);
        account.status = Status::Cooling;
        account.cooldown = Some(Cooldown {
            until_ms: 8,
            reason: CooldownReason::QuotaEmpty,
        });
        account.last_check = Some(Check {
            at_ms: 9,
            result: CheckResult::Limited { until_ms: 10 },
        });
        account.windows = vec![QuotaWindow {
            model: "grok-4".to_owned(),
            remaining: 1,
            total: Some(2),
            window_secs: Some(3),
            resets_at_ms: Some(4),
            asked_at_ms: 5,
        }];
        account.tags = vec!["t".to_owned()];
        account.note = "n".to_owned();
        account.proxy = AccountProxy::try_new("http://u:p@proxy.test:1").ok();
        let text = serde_json::to_string(&Kept::of(&account)).unwrap();
        let kept: Kept = serde_json::from_str(&text).unwrap();
        assert_eq!(kept.open(), Some(account));
    }
}
