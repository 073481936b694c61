//! Responses that are kept: what a caller may read again and go on from.

use std::time::Duration;

use chat::Turn;
use futures::future::try_join_all;
use openai::responses::{self as format, Failure, Status};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use settings::ResponsesConfig;
use sha2::{Digest, Sha256};
use store::{DocumentKind, LargeDocument, Store, StoreError, bounded};

use crate::{
    clock::now_ms,
    gateway::{Caller, ErrorKind, GatewayError},
    http::{AppState, error::ApiError},
};

/// Responses that one can go on from; a longer conversation is no use to any model.
const MAX_CHAIN: usize = 500;
/// Reads at the same time.
const READS: usize = 8;
/// Of `responses.max_per_key` there may be so many more, about, before the oldest are removed: a 64th.
const SURPLUS: u32 = 64;
/// Most writes between two looks at how many there are.
const MOST_BETWEEN_LOOKS: u32 = 256;
/// A response in the background whose server has been silent for so long has lost it.
const LOST_AFTER_MS: i64 = 30_000;
/// What a store takes at least, while others use it.
const BYTES_PER_SEC: usize = 256 * 1024;

/// A response as it is kept.
#[derive(Clone, Debug)]
pub(in crate::http::openai) struct Kept {
    pub(in crate::http::openai) id: String,
    pub(in crate::http::openai) owner: String,
    pub(super) at_ms: i64,
    /// Of the document; 0 for a new one.
    pub(super) revision: u64,
    pub(super) head: Head,
    /// A JSON array of items.
    pub(in crate::http::openai) input: Vec<u8>,
    /// The response as the API shows it.
    pub(in crate::http::openai) response: Vec<u8>,
}

/// What is known of a response without its content. The names are stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::http::openai) struct Head {
    /// Ids of those that it goes on from, oldest first.
    pub(super) earlier: Vec<String>,
    /// While it is made in the background: when its server last said so, in unix milliseconds.
    pub(super) alive_ms: Option<i64>,
    pub(super) is_background: bool,
    /// It has ended without an answer.
    #[serde(default)]
    pub(super) has_failed: bool,
}

#[derive(Deserialize)]
struct Content {
    input: Box<RawValue>,
    response: Box<RawValue>,
}

/// Whether the disk has room for what is kept: the store must be able to go on with everything else.
///
/// # Errors
/// Less than `cache.min_free_mb` is free.
pub(in crate::http::openai) async fn check_room(state: &AppState) -> Result<(), ApiError> {
    if !state.gateway.media_files().is_full().await {
        return Ok(());
    }
    let message = "Nothing can be kept: less than `cache.min_free_mb` is free on the disk of this \
                   server. Responses with `store: false` are made.";
    Err(GatewayError::new(ErrorKind::MediaUnavailable, message).into())
}

/// Removes the oldest responses or conversations of an owner who has more than `most`. Looks once in so
/// many writes that there are seldom many more than that: counting takes longer than the rest of a write.
pub(in crate::http::openai) async fn make_room(
    store: &dyn Store,
    place: (DocumentKind, &str),
    most: u32,
) {
    let writes = (most / SURPLUS).clamp(1, MOST_BETWEEN_LOOKS);
    if rand::random_range(0..writes) > 0 {
        return;
    }
    let at_once = u64::from(2 * writes.max(SURPLUS));
    let removing = LargeDocument::keep_newest(store, place, u64::from(most), at_once);
    match bounded(removing).await {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, kind = place.0.as_str(), "the oldest gave way"),
        Err(error) => {
            tracing::warn!(%error, "old responses are left: the store does not remove them");
        }
    }
}

/// How long something of this size may take to be written or read.
async fn patient<T>(
    bytes: usize,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, ApiError> {
    let limit = Duration::from_secs(5 + (bytes / BYTES_PER_SEC) as u64);
    match tokio::time::timeout(limit, call).await {
        Ok(done) => done.map_err(|error| unavailable(&error)),
        Err(_) => {
            tracing::warn!(
                size_bytes = bytes,
                "responses are not kept: the store is too slow"
            );
            Err(GatewayError::store_unavailable().into())
        }
    }
}

/// Who a response is for, as it is stored.
pub(in crate::http::openai) fn owner_of(caller: &Caller) -> String {
    let digest = Sha256::digest(caller.owner.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Kept {
    /// The response of that id, if it is this caller's.
    ///
    /// # Errors
    /// There is none; the store does not answer.
    pub(super) async fn find(
        store: &dyn Store,
        caller: &Caller,
        id: &str,
    ) -> Result<Self, ApiError> {
        let owner = owner_of(caller);
        let kept = Self::read(store, id).await?;
        kept.filter(|kept| kept.owner == owner)
            .ok_or_else(|| missing(id))
    }

    /// What is known of the response of that id, if it is this caller's, without its content.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub(super) async fn find_head(
        store: &dyn Store,
        caller: &Caller,
        id: &str,
    ) -> Result<Self, ApiError> {
        if format::check_id(id, "response_id").is_err() {
            return Err(missing(id));
        }
        let read = LargeDocument::get_head(store, DocumentKind::Response, id);
        let document = bounded(read).await.map_err(|error| unavailable(&error))?;
        document
            .filter(|document| document.expires_ms > now_ms())
            .filter(|document| document.group == owner_of(caller))
            .and_then(|document| {
                let head = serde_json::from_str(&document.head).ok()?;
                Some(Self {
                    head,
                    input: Vec::new(),
                    response: Vec::new(),
                    id: document.id,
                    owner: document.group,
                    at_ms: document.at_ms,
                    revision: document.revision,
                })
            })
            .ok_or_else(|| missing(id))
    }

    async fn read(store: &dyn Store, id: &str) -> Result<Option<Self>, ApiError> {
        if format::check_id(id, "response_id").is_err() {
            return Ok(None);
        }
        let read = LargeDocument::get(store, DocumentKind::Response, id);
        let document = bounded(read).await.map_err(|error| unavailable(&error))?;
        Ok(document
            .filter(|document| document.expires_ms > now_ms())
            .and_then(Self::of))
    }

    /// `None`, and a line in the log, for one that a later version wrote.
    fn of(document: LargeDocument) -> Option<Self> {
        let read = || {
            let head = serde_json::from_str(&document.head)?;
            let content: Content = serde_json::from_str(&document.content)?;
            Ok::<_, serde_json::Error>((head, content))
        };
        match read() {
            Ok((head, content)) => Some(Self {
                head,
                input: content.input.get().into(),
                response: content.response.get().into(),
                id: document.id,
                owner: document.group,
                at_ms: document.at_ms,
                revision: document.revision,
            }),
            Err(error) => {
                tracing::warn!(id = document.id, %error, "a response cannot be read");
                None
            }
        }
    }

    fn document(&self, keep_days: u32) -> LargeDocument {
        LargeDocument {
            kind: DocumentKind::Response,
            id: self.id.clone(),
            group: self.owner.clone(),
            at_ms: self.at_ms,
            expires_ms: now_ms().saturating_add(i64::from(keep_days) * 86_400_000),
            revision: self.revision,
            head: serde_json::to_string(&self.head).unwrap_or_default(),
            content: self.content(),
        }
    }

    /// [`Content`] as JSON, of JSON that is ours: nothing reads it to write it.
    fn content(&self) -> String {
        let text = String::from_utf8_lossy;
        let (input, response) = (text(&self.input), text(&self.response));
        format!(r#"{{"input":{input},"response":{response}}}"#)
    }

    /// Keeps it, a new one; the oldest of its owner give way to it.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) async fn add(
        &self,
        store: &dyn Store,
        limits: &ResponsesConfig,
    ) -> Result<(), ApiError> {
        let document = self.document(limits.keep_days);
        patient(self.bytes(), document.add(store)).await?;
        let place = (DocumentKind::Response, self.owner.as_str());
        make_room(store, place, limits.max_per_key).await;
        Ok(())
    }

    /// Replaces what is kept under its revision, which rises; false if that was changed meanwhile.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) async fn replace(
        &mut self,
        store: &dyn Store,
        keep_days: u32,
    ) -> Result<bool, ApiError> {
        let replace = self.document(keep_days).replace(store);
        let is_replaced = patient(self.bytes(), replace).await?;
        self.revision += u64::from(is_replaced);
        Ok(is_replaced)
    }

    /// Replaces what is known of it without its content; false if it was changed meanwhile.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) async fn replace_head(&mut self, store: &dyn Store) -> Result<bool, ApiError> {
        let head = serde_json::to_string(&self.head).unwrap_or_default();
        let place = (DocumentKind::Response, self.id.as_str());
        let replace = LargeDocument::replace_head(store, place, self.revision, head);
        let is_replaced = bounded(replace)
            .await
            .map_err(|error| unavailable(&error))?;
        self.revision += u64::from(is_replaced);
        Ok(is_replaced)
    }

    fn bytes(&self) -> usize {
        self.input.len() + self.response.len()
    }

    /// Removes it; whether it was there.
    ///
    /// # Errors
    /// The store does not answer.
    pub(super) async fn delete(&self, store: &dyn Store) -> Result<bool, ApiError> {
        let delete = LargeDocument::delete(store, DocumentKind::Response, &self.id);
        bounded(delete).await.map_err(|error| unavailable(&error))
    }

    /// Whether it is still made, in the background.
    pub(super) fn is_under_way(&self) -> bool {
        self.head.alive_ms.is_some()
    }

    /// Its server has not been heard of for too long.
    pub(super) fn is_lost(&self) -> bool {
        let alive_ms = self.head.alive_ms;
        alive_ms.is_some_and(|alive_ms| now_ms() - alive_ms > LOST_AFTER_MS)
    }

    /// Whether it has ended without an answer.
    pub(super) fn has_failed(&self) -> bool {
        self.head.has_failed
    }

    /// It has ended without an answer: `status` is `failed` or `cancelled`.
    pub(super) fn end(&mut self, status: Status, failure: Option<Failure>) {
        self.head.alive_ms = None;
        self.head.has_failed = true;
        self.response = format::ended_json(&self.response, status, failure.as_ref());
    }
}

/// Ids of the responses up to this one, oldest first.
///
/// # Errors
/// It goes on from too many.
pub(super) fn chain(previous: &Kept) -> Result<Vec<String>, ApiError> {
    let mut chain = previous.head.earlier.clone();
    chain.push(previous.id.clone());
    if chain.len() <= MAX_CHAIN {
        return Ok(chain);
    }
    let message = format!(
        "A response may go on from {MAX_CHAIN} earlier ones. Begin a new conversation, with what \
         matters of this one."
    );
    Err(GatewayError::invalid("conversation_too_long", PREVIOUS, message).into())
}

/// What was said up to `previous`, and its end.
///
/// # Errors
/// It is not complete, one before it is gone, or the store does not answer.
pub(super) async fn turns(
    store: &dyn Store,
    caller: &Caller,
    previous: &Kept,
) -> Result<Vec<Turn>, ApiError> {
    if previous.is_under_way() {
        let message = "This response is not complete yet. Wait until its status is `completed`.";
        return Err(GatewayError::invalid("response_not_ready", PREVIOUS, message).into());
    }
    let (mut earlier, mut bytes) = (Vec::new(), previous.bytes());
    let limit = caller
        .snapshot
        .settings
        .config
        .server
        .max_body_mb
        .saturating_mul(1024 * 1024);
    for ids in previous.head.earlier.chunks(READS) {
        let reading = ids.iter().map(|id| Kept::find(store, caller, id));
        let read = try_join_all(reading)
            .await
            .map_err(without_an_earlier_one)?;
        bytes += read.iter().map(Kept::bytes).sum::<usize>();
        if bytes as u64 > limit {
            let message = "What was said so far is larger than a request may be \
                           (`server.max_body_mb`). Begin a new conversation.";
            return Err(GatewayError::invalid("conversation_too_long", PREVIOUS, message).into());
        }
        earlier.extend(read);
    }
    let mut turns = Vec::new();
    for (number, kept) in earlier.iter().chain([previous]).enumerate() {
        let place = format!("{PREVIOUS}.{number}");
        turns.extend(format::stored_turns(&place, &kept.input, &kept.response)?);
    }
    Ok(turns)
}

fn without_an_earlier_one(error: ApiError) -> ApiError {
    match error {
        ApiError::NotFound(_) => {
            let message = format!("A response before it is not there: {GONE}");
            GatewayError::invalid("response_not_found", PREVIOUS, message).into()
        }
        other => other,
    }
}

fn missing(id: &str) -> ApiError {
    ApiError::NotFound(format!("There is no response `{}`: {GONE}", short(id)))
}

/// What is repeated of an id that somebody made up.
pub(in crate::http::openai) fn short(id: &str) -> &str {
    id.get(..id.floor_char_boundary(128)).unwrap_or_default()
}

/// The field that names the response to go on from.
pub(super) const PREVIOUS: &str = "previous_response_id";
const GONE: &str = "it was made with `store: false`, was too large to be kept, was deleted, is older than \
                    `responses.keep_days`, or belongs to another key.";

/// What the store cannot do now.
pub(in crate::http::openai) fn unavailable(error: &StoreError) -> ApiError {
    tracing::warn!(%error, "responses are not kept or read: the store does not answer");
    GatewayError::store_unavailable().into()
}
