//! Files on their way to accounts, and those that accounts have uploaded lately: the same file is not
//! uploaded twice.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use grok::{Upload, Uploaded};
use parking_lot::Mutex;
use pool::{AccountId, Lease};

use super::{Gateway, attachments::ReadyFile, failure::Failure, slots::Slots};
use crate::snapshot::Settings;

/// How long an uploaded file is used again. The upstream does not say how long it keeps them.
const LIFETIME: Duration = Duration::from_secs(3600);
/// Uploads that are remembered at most.
const MAX_REMEMBERED: usize = 10_000;

/// What a file is uploaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    Chat,
    Imagine,
}

/// Limits uploads and remembers them.
pub(super) struct Uploads {
    slots: Slots,
    remembered: Mutex<HashMap<Key, (Uploaded, Instant)>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    account: AccountId,
    hash: [u8; 32],
    purpose: Purpose,
}

impl Uploads {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            slots: Slots::new("asset.upload_concurrent", limit),
            remembered: Mutex::default(),
        }
    }

    pub(super) fn resize(&self, limit: usize) {
        self.slots.resize(limit);
    }

    /// Has an account's files uploaded again: they are about to be deleted.
    pub(super) fn forget_account(&self, account: &AccountId) {
        self.remembered
            .lock()
            .retain(|key, _| key.account != *account);
    }

    fn find(&self, key: &Key) -> Option<Uploaded> {
        let remembered = self.remembered.lock();
        let (uploaded, at) = remembered.get(key)?;
        (at.elapsed() < LIFETIME).then(|| uploaded.clone())
    }

    fn remember(&self, key: Key, uploaded: Uploaded) {
        let mut remembered = self.remembered.lock();
        if remembered.len() >= MAX_REMEMBERED {
            remembered.retain(|_, (_, at)| at.elapsed() < LIFETIME);
        }
        if remembered.len() >= MAX_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(key, (uploaded, Instant::now()));
    }
}

/// The files of a request, in their order, as an account has them.
struct AtAccount {
    files: Vec<Uploaded>,
    /// All have been uploaded just now.
    is_fresh: bool,
}

impl Gateway {
    /// Makes a call that names these files, as the leased account has them, in their order. Where it
    /// is refused and one of them was uploaded for another request, the account may have lost it: all
    /// are uploaded again and the call is made once more.
    ///
    /// # Errors
    /// The upstream's refusal of a file or of the call, classified like that of a chat.
    pub(super) async fn with_uploads<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        lease: &Lease,
        settings: &Settings,
        (files, purpose): (&[&ReadyFile], Purpose),
        call: impl Fn(Vec<Uploaded>) -> F,
    ) -> Result<T, Failure> {
        let uploads = self.upload(lease, settings, files, purpose).await?;
        let failure = match call(uploads.files).await {
            Err(failure) if failure.is_refusal() && !files.is_empty() => failure,
            answer => return answer,
        };
        self.forget_uploads(lease, files, purpose);
        if uploads.is_fresh {
            return Err(failure);
        }
        let uploads = self.upload(lease, settings, files, purpose).await?;
        call(uploads.files).await
    }

    async fn upload(
        &self,
        lease: &Lease,
        settings: &Settings,
        files: &[&ReadyFile],
        purpose: Purpose,
    ) -> Result<AtAccount, Failure> {
        let timeout = settings.config.asset.upload_timeout;
        let uploads = files.iter().map(|file| async move {
            let key = key(lease, file, purpose);
            if let Some(uploaded) = self.uploads.find(&key) {
                return Ok((uploaded, false));
            }
            let _slot = tokio::time::timeout(timeout, self.uploads.slots.wait())
                .await
                .map_err(|_| Failure::UploadsBusy)?;
            let upload = Upload {
                name: file.name.clone(),
                mime: file.mime.clone(),
                content: file.content.clone(),
                is_for_imagine: purpose == Purpose::Imagine,
            };
            let credential = lease.credential().expose();
            let upstream = settings.upstream_for(lease);
            let uploading = upstream.upload(credential, &upload, timeout);
            let uploaded = uploading.await?;
            self.uploads.remember(key, uploaded.clone());
            Ok::<_, Failure>((uploaded, true))
        });
        let uploads = try_join_all(uploads).await?;
        Ok(AtAccount {
            is_fresh: uploads.iter().all(|(_, is_fresh)| *is_fresh),
            files: uploads.into_iter().map(|(file, _)| file).collect(),
        })
    }

    /// Has these files uploaded again the next time: a call that named them was refused.
    fn forget_uploads(&self, lease: &Lease, files: &[&ReadyFile], purpose: Purpose) {
        let mut remembered = self.uploads.remembered.lock();
        for file in files {
            remembered.remove(&key(lease, file, purpose));
        }
    }
}

fn key(lease: &Lease, file: &ReadyFile, purpose: Purpose) -> Key {
    Key {
        account: lease.account_id().clone(),
        hash: file.hash,
        purpose,
    }
}
