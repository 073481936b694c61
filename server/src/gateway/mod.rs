//! Requests through the pool: lease → upstream → neutral deltas → record. Knows no HTTP of ours and
//! no protocol: what comes in is a [`chat::Request`], what goes out an [`chat::Answer`] or a
//! [`GatewayError`].
//!
//! - `accounts`: the one loop over accounts, generic over the upstream operation
//! - `chat/`: the chat operation and the answer that protocols render
//! - `pictures/`: the picture operation, and pictures as they come
//! - `videos/`: videos, which outlive the request that asked for them
//! - `files/`: files that callers upload, to name them later by their ids
//! - `attachments`, `uploads`: callers' files, and what each account has uploaded of them
//! - `assets/`: the files that accounts keep at the upstream, counted and deleted
//! - `voice`: the token that opens a voice room
//! - `failure`, `error`, `judgement`: what a failed try means for account, next try and caller
//! - `slots`, `deadlines`, `backoff`, `quota_check`: how many at once, how long, how soon again, what
//!   a 429 means
//! - `account_check`: asks the upstream whether an account works and what it has left; `quota_report`:
//!   its answer as the account keeps it; `refresh`: when accounts are asked next, and how that goes
//! - `account_settings`: the terms, a birth date and adult content of an account, when the operator
//!   asks for it
//! - `breakers/`, `retry_budget`, `asking`: a pause while a host refuses or fails everybody, how much
//!   of what is under way may be a retry, and the small calls that keep to both

pub mod account_check;
pub mod account_settings;
pub mod accounts;
mod asking;
pub mod assets;
pub mod attachments;
mod backoff;
pub mod breakers;
pub mod chat;
mod deadlines;
pub mod error;
pub mod failure;
pub mod files;
mod judgement;
mod media_model;
pub mod pictures;
mod quota_check;
mod quota_report;
pub mod refresh;
pub mod retry_budget;
pub mod slots;
mod uploads;
pub mod videos;
pub mod voice;

use std::sync::Arc;

use pool::{AccountChange, Change, Lease, Pool};
use store::{Record, Store};
use tokio_util::task::TaskTracker;

use self::{
    asking::{Guards, web_host},
    assets::Assets,
    breakers::Breakers,
    chat::conversations::Conversations,
    failure::Failure,
    files::Desks,
    quota_check::QuotaCheck,
    refresh::Refresh,
    retry_budget::RetryUse,
    slots::{SlotUse, Slots},
    uploads::Uploads,
    videos::Videos,
};
pub use self::{
    chat::{Answer, Caller},
    error::{Deadline, ErrorKind, GatewayError},
};
use crate::{
    clock::now_ms,
    limits::Use,
    media::{budget::MediaBudget, files::MediaFiles},
    record::RequestRecord,
    snapshot::{Settings, Snapshot, models::Model},
};

/// The service behind every protocol and page. Lives as long as the process.
pub struct Gateway {
    store: Arc<dyn Store>,
    /// Owns the quota checks that follow a 429.
    tasks: TaskTracker,
    chat_slots: Slots,
    picture_slots: Slots,
    uploads: Uploads,
    assets: Assets,
    videos: Videos,
    voice_slots: Slots,
    media_budget: MediaBudget,
    media_files: MediaFiles,
    file_desks: Desks,
    conversations: Arc<Conversations>,
    guards: Arc<Guards>,
    refresh: Refresh,
}

impl Gateway {
    #[must_use]
    pub fn new(settings: &Settings, store: Arc<dyn Store>, media_files: MediaFiles) -> Arc<Self> {
        media_files.apply(&settings.config.cache);
        Arc::new(Self {
            store,
            tasks: TaskTracker::new(),
            chat_slots: Slots::new("chat.concurrent", chat_limit(settings)),
            picture_slots: Slots::new("image.concurrent", picture_limit(settings)),
            uploads: Uploads::new(upload_limit(settings)),
            assets: Assets::default(),
            videos: Videos::new(settings),
            voice_slots: Slots::new("voice.concurrent", voice_limit(settings)),
            media_budget: MediaBudget::new(settings.config.chat.attachment_memory_mb),
            media_files,
            file_desks: Desks::default(),
            conversations: Arc::default(),
            guards: Arc::default(),
            refresh: Refresh::default(),
        })
    }

    /// Follows settings that have changed.
    pub fn apply(&self, settings: &Settings) {
        self.chat_slots.resize(chat_limit(settings));
        self.picture_slots.resize(picture_limit(settings));
        self.uploads.resize(upload_limit(settings));
        self.videos.resize(settings);
        self.voice_slots.resize(voice_limit(settings));
        self.guards.breakers.reset();
        self.refresh.wake();
        self.media_files.apply(&settings.config.cache);
    }

    /// Lets a request in if its record could be written now: an answer that cannot be recorded would
    /// be asked for in vain, since it is thrown away at its end.
    ///
    /// # Errors
    /// [`ErrorKind::StoreUnavailable`].
    fn admit(&self, record: &RequestRecord) -> Result<(), GatewayError> {
        self.store.check().map_err(|error| {
            tracing::warn!(request_id = %record.id(), %error, "the store takes no records");
            GatewayError::store_unavailable()
        })
    }

    /// Memory for callers' files.
    #[must_use]
    pub fn media_bytes(&self) -> Use {
        self.media_budget.in_use()
    }

    /// Chats under way and waiting.
    #[must_use]
    pub fn chats(&self) -> SlotUse {
        self.chat_slots.in_use()
    }

    /// Requests for pictures under way and waiting.
    #[must_use]
    pub fn pictures_in_use(&self) -> SlotUse {
        self.picture_slots.in_use()
    }

    /// Videos that are made or wait for their turn.
    #[must_use]
    pub fn videos_in_use(&self) -> SlotUse {
        self.videos.in_use()
    }

    /// Requests for voice tokens under way and waiting.
    #[must_use]
    pub fn voice_tokens_in_use(&self) -> SlotUse {
        self.voice_slots.in_use()
    }

    /// Files of generated media.
    #[must_use]
    pub fn media_files(&self) -> &MediaFiles {
        &self.media_files
    }

    /// Hosts that are left alone for a while.
    #[must_use]
    pub fn breakers(&self) -> &Breakers {
        &self.guards.breakers
    }

    /// The operator's list of proxies and the accounts' own ones, and who goes by them.
    #[must_use]
    pub fn proxies(&self, snapshot: &Snapshot) -> Vec<grok::ProxyReport> {
        let accounts = snapshot.pool.snapshot(now_ms());
        let ways = accounts.iter().map(|view| {
            let proxy = view.account.proxy.as_ref();
            let own = proxy.map(pool::AccountProxy::expose);
            (view.account.credential.expose(), own)
        });
        snapshot.settings.upstream.proxies(ways)
    }

    /// Retries under way.
    #[must_use]
    pub fn retries(&self) -> RetryUse {
        self.guards.retries.in_use()
    }

    /// When accounts are asked about next, and how the last time went.
    #[must_use]
    pub fn refresh(&self) -> &Refresh {
        &self.refresh
    }

    /// Waits for the background work that requests left behind. Videos under way stop where they are
    /// and go on with the next start.
    pub async fn close(&self) {
        self.videos.stop();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Stores what time alone has changed in the accounts: cooldowns that have ended.
    ///
    /// # Errors
    /// The store did not take the changes.
    pub async fn store_elapsed(&self, pool: &Pool) -> Result<usize, store::StoreError> {
        let changes = pool.take_elapsed(now_ms());
        let count = changes.len();
        if changes.iter().any(is_outdated) {
            self.refresh.wake();
        }
        if count > 0 {
            let record = Record {
                changes,
                request: None,
            };
            self.store.commit(record).await?;
        }
        Ok(count)
    }

    /// Ends an answer that has begun: the account pays for the failure, once, and nobody else is asked.
    fn break_off(
        &self,
        caller: &Caller,
        model: &Model,
        lease: Option<Lease>,
        failure: Failure,
    ) -> GatewayError {
        caller.record.attempt_broke(failure.label());
        if let Some(lease) = lease {
            tracing::warn!(
                request_id = %caller.record.id(), account.id = %lease.account_id(),
                reason = failure.label(), "the answer broke off"
            );
            if failure.is_clearance() {
                let config = &caller.snapshot.settings.config;
                self.guards.breakers.refused(web_host(config), config);
            }
            self.account_for_failure(&caller.snapshot, lease, &failure, &model.upstream_name);
        }
        failure.into_error(1)
    }

    /// Tells the pool how an attempt failed; the rows follow without anyone waiting for them.
    fn account_for_failure(
        &self,
        snapshot: &Snapshot,
        lease: Lease,
        failure: &Failure,
        model_name: &str,
    ) {
        let (credential, proxy) = (lease.credential().clone(), lease.proxy().cloned());
        let account = lease.account_id().clone();
        let changes = lease.finish(failure.outcome(), now_ms());
        submit_changes(self.store.as_ref(), changes);
        if failure.is_rate_limit() {
            let check = QuotaCheck {
                snapshot: snapshot.clone(),
                store: self.store.clone(),
                guards: Arc::clone(&self.guards),
                account,
                credential,
                proxy,
                model_name: model_name.to_owned(),
            };
            self.tasks.spawn(check.run());
        }
    }
}

/// What the upstream said of an account's quota no longer holds.
fn is_outdated(change: &AccountChange) -> bool {
    matches!(change.change, Change::Synced { at_ms: None })
}

fn chat_limit(settings: &Settings) -> usize {
    (settings.config.chat.concurrent as usize).max(1)
}

fn picture_limit(settings: &Settings) -> usize {
    (settings.config.image.concurrent as usize).max(1)
}

fn voice_limit(settings: &Settings) -> usize {
    (settings.config.voice.concurrent as usize).max(1)
}

fn upload_limit(settings: &Settings) -> usize {
    (settings.config.asset.upload_concurrent as usize).max(1)
}

/// Queues account changes that no caller waits for, in the order in which the pool made them.
fn submit_changes(store: &dyn Store, changes: Vec<AccountChange>) {
    if changes.is_empty() {
        return;
    }
    let record = Record {
        changes,
        request: None,
    };
    if let Err(error) = store.submit(record) {
        tracing::error!(%error, "account changes were not stored");
    }
}
