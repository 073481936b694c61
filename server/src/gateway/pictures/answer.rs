//! Pictures under way: what every protocol renders.
//!
//! [`Pictures::next`] until `None`, then [`Pictures::commit`] before the end is sent
//! (`docs/decisions/0003`). Dropping it at any moment ends the upstream call and gives the account
//! back unharmed.

use std::sync::Arc;

use ::chat::Usage;
use bytes::Bytes;
use grok::Stage;
use pool::{Lease, Outcome};
use store::MediaRow;

use super::{
    PictureContext,
    attempt::{Attempt, Seen, SeenPicture},
    row::{Origin, row_of},
};
use crate::{
    clock::now_ms,
    gateway::{Gateway, GatewayError, failure::Failure, slots::Slot, submit_changes},
    media::{
        Claim,
        files::{MediaError, StoredFile},
    },
    record::RequestRecord,
};

/// Model tokens that a picture counts for: the upstream tells none. What OpenAI counts for a square
/// one of medium quality.
pub(in crate::gateway) const PICTURE_TOKENS: u64 = 1056;

/// A picture at some stage.
#[derive(Clone, Debug)]
pub enum Picture {
    Partial {
        /// The upstream's id, the same at every stage.
        id: String,
        /// Which of the wanted ones, from 0.
        index: u32,
        /// `preview` or `medium`.
        stage: &'static str,
        file: Bytes,
    },
    /// A picture that cannot be shown yet is so far, in percent.
    Progress {
        index: u32,
        percent: f64,
    },
    Finished(Finished),
}

/// A finished picture.
#[derive(Clone, Debug)]
pub struct Finished {
    pub id: String,
    pub index: u32,
    pub file: Bytes,
    pub mime: &'static str,
    /// Its name where it is kept; always there where the request needs it.
    pub name: Option<String>,
    /// Of its row where it is kept. The row is stored by [`Pictures::commit`].
    pub media_id: Option<String>,
}

/// Pictures under way. Holds its account, its slot and the upstream call.
pub struct Pictures {
    gateway: Arc<Gateway>,
    context: PictureContext,
    /// `None` once it has broken off.
    lease: Option<Lease>,
    attempt: Attempt,
    /// Of the finished ones that were kept.
    rows: Vec<MediaRow>,
    /// To their files. Where nobody waits for the end, the files go with them.
    claims: Vec<Claim>,
    finished: u32,
    created: i64,
    _slot: Slot,
}

impl Pictures {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        context: PictureContext,
        (lease, attempt): (Lease, Attempt),
        slot: Slot,
    ) -> Self {
        let record = &context.caller.record;
        record.first_byte(record.started().elapsed());
        Self {
            gateway,
            context,
            lease: Some(lease),
            attempt,
            rows: Vec::new(),
            claims: Vec::new(),
            finished: 0,
            created: now_ms() / 1000,
            _slot: slot,
        }
    }

    #[must_use]
    pub fn record(&self) -> &RequestRecord {
        &self.context.caller.record
    }

    /// Id in the catalogue.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.context.model.id
    }

    /// Unix seconds.
    #[must_use]
    pub fn created(&self) -> i64 {
        self.created
    }

    /// Estimated, of what has been finished.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage {
            prompt_tokens: self.context.prompt_tokens(),
            completion_tokens: PICTURE_TOKENS * u64::from(self.finished.max(1)),
            reasoning_tokens: 0,
            estimated: true,
        }
    }

    /// What is new, or `None` when that was all. Finished pictures have been kept.
    ///
    /// # Errors
    /// It broke off: say so and drop it.
    ///
    /// # Cancellation
    /// A picture that was being kept is lost: drop all of it.
    pub async fn next(&mut self) -> Result<Option<Picture>, GatewayError> {
        let Some(lease) = &self.lease else {
            return Ok(None);
        };
        let seen = match self.attempt.next(lease, &self.context).await {
            Ok(Some(Seen::Picture(seen))) => seen,
            Ok(Some(Seen::Progress { index, percent })) => {
                return Ok(Some(Picture::Progress { index, percent }));
            }
            Ok(None) => return Ok(None),
            Err(failure) => return Err(self.broken(failure)),
        };
        let stage = match seen.stage {
            Stage::Preview => "preview",
            Stage::Medium => "medium",
            Stage::Final => return self.keep(seen).await.map(Some),
        };
        Ok(Some(Picture::Partial {
            id: seen.id,
            index: seen.index,
            stage,
            file: seen.file,
        }))
    }

    async fn keep(&mut self, seen: SeenPicture) -> Result<Picture, GatewayError> {
        let stored = self
            .gateway
            .media_files
            .store_image(seen.file.clone())
            .await;
        let kept = match stored {
            Ok(stored) => Some(self.note(stored)),
            Err(MediaError::NotAPicture) => return Err(self.broken(Failure::NotAPicture)),
            Err(error) => {
                let request_id = self.record().id();
                tracing::error!(%request_id, %error, "a picture cannot be kept: {error}");
                if self.context.request.needs_file {
                    return Err(GatewayError::media_unavailable());
                }
                None
            }
        };
        self.finished += 1;
        let (name, media_id) = kept.unzip();
        Ok(Picture::Finished(Finished {
            id: seen.id,
            index: seen.index,
            file: seen.file,
            mime: seen.mime,
            name,
            media_id,
        }))
    }

    /// Makes the row of a kept picture; name of the file and id of the row.
    fn note(&mut self, stored: StoredFile) -> (String, String) {
        let lease = self.lease.as_ref();
        let account = lease.map(|lease| lease.credential().last_four().to_owned());
        let origin = Origin {
            prompt: self.context.request.prompt.clone(),
            model: self.context.model.id.clone(),
            params: self.context.params(),
            account: account.unwrap_or_default(),
        };
        let row = row_of(&self.context.caller, origin, &stored);
        let media_id = row.id.clone();
        self.rows.push(row);
        self.claims.push(stored.claim);
        (stored.name, media_id)
    }

    /// Charges the account and makes rows, usage and quota durable. Only then may the caller see the
    /// end; `last_bytes` is its length.
    ///
    /// # Errors
    /// [`crate::gateway::ErrorKind::StoreUnavailable`]; the account has been charged in memory.
    pub async fn commit(self, last_bytes: usize) -> Result<(), GatewayError> {
        let usage = self.usage();
        let Self {
            gateway,
            context,
            lease,
            attempt,
            rows,
            claims,
            ..
        } = self;
        let cost = context.model.cost * attempt.calls;
        let finish = |lease: Lease| lease.finish(Outcome::Success { cost }, now_ms());
        let changes = lease.map(finish).unwrap_or_default();
        let record = &context.caller.record;
        // Whatever becomes of this call, the rows may be written from here on.
        claims.into_iter().for_each(Claim::hand_over);
        if !rows.is_empty()
            && let Err(error) = gateway.store.insert_media(rows).await
        {
            tracing::error!(request_id = %record.id(), %error, "the rows of pictures were not stored");
            submit_changes(gateway.store.as_ref(), changes);
            return Err(GatewayError::store_unavailable());
        }
        let committed = record.commit(changes, usage, cost, last_bytes).await;
        committed.map_err(|_| GatewayError::store_unavailable())
    }

    /// What the caller has seen is spent: no other account is tried.
    fn broken(&mut self, failure: Failure) -> GatewayError {
        if self.context.request.is_stream {
            // The caller has the addresses of these, which open for a while.
            self.claims.drain(..).for_each(Claim::hand_over);
        }
        let (caller, model) = (&self.context.caller, &self.context.model);
        self.gateway
            .break_off(caller, model, self.lease.take(), failure)
    }
}
