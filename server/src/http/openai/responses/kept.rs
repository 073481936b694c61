//! Responses that are kept: what a caller may read again and go on from.

use std::sync::Arc;

use futures::future::try_join_all;
use openai::responses::{self as format, Failure, Status};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use settings::ResponsesConfig;
use store::{DocumentKind, LargeDocument};

use crate::{
    clock::now_ms,
    gateway::{Caller, GatewayError},
    http::{
        error::ApiError,
        openai::kept_store::{
            KeptStore, Said, end_ms, head_json, own, owner_of, short, unavailable,
        },
    },
    limits::Share,
};

/// Responses that one can go on from; a longer conversation is no use to any model.
const MAX_CHAIN: usize = 500;
/// Reads at the same time.
const READS: usize = 8;
/// A response in the background whose server has been silent for so long has lost it.
const LOST_AFTER_MS: i64 = 30_000;

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
    /// The memory that it takes, of one that was read.
    pub(super) memory: Option<Arc<Share>>,
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

impl Kept {
    /// The response of that id, if it is this caller's.
    ///
    /// # Errors
    /// There is none; the store does not answer.
    pub(super) async fn find(
        store: &KeptStore,
        caller: &Caller,
        id: &str,
    ) -> Result<Self, ApiError> {
        format::check_id(id, "response_id").map_err(|_| missing(id))?;
        let read = store.get(DocumentKind::Response, id).await?;
        let (document, memory) = read.ok_or_else(|| missing(id))?;
        let kept = own(Some(document), &owner_of(caller)).and_then(Self::of);
        let kept = kept.ok_or_else(|| missing(id))?;
        Ok(Self {
            memory: Some(memory),
            ..kept
        })
    }

    /// What is known of the response of that id, if it is this caller's, without its content.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub(super) async fn find_head(
        store: &KeptStore,
        caller: &Caller,
        id: &str,
    ) -> Result<Self, ApiError> {
        format::check_id(id, "response_id").map_err(|_| missing(id))?;
        let read = LargeDocument::get_head(store.plain(), DocumentKind::Response, id).await;
        let document = read.map_err(|error| unavailable(&error))?;
        own(document, &owner_of(caller))
            .and_then(|document| {
                let head = serde_json::from_str(&document.head).ok()?;
                Some(Self {
                    head,
                    input: Vec::new(),
                    response: Vec::new(),
                    memory: None,
                    id: document.id,
                    owner: document.group,
                    at_ms: document.at_ms,
                    revision: document.revision,
                })
            })
            .ok_or_else(|| missing(id))
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
                memory: None,
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
            expires_ms: end_ms(keep_days),
            revision: self.revision,
            head: head_json(&self.head),
            content: self.content(),
        }
    }

    /// [`Content`] as JSON, of JSON that is ours.
    fn content(&self) -> String {
        let parts: [&[u8]; 5] = [
            br#"{"input":"#,
            &self.input,
            br#","response":"#,
            &self.response,
            b"}",
        ];
        String::from_utf8(parts.concat()).unwrap_or_default()
    }

    /// Keeps it, a new one; the oldest of its owner give way to it.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) async fn add(
        &mut self,
        store: &KeptStore,
        limits: &ResponsesConfig,
    ) -> Result<(), ApiError> {
        let document = self.document(limits.keep_days);
        store.add(document, limits.max_per_key, ()).await?;
        self.revision = 1;
        Ok(())
    }

    /// Replaces what is kept under its revision, which rises; false if that was changed meanwhile.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) async fn replace(
        &mut self,
        store: &KeptStore,
        keep_days: u32,
    ) -> Result<bool, ApiError> {
        let is_replaced = store.replace(self.document(keep_days), ()).await?;
        self.revision += u64::from(is_replaced);
        Ok(is_replaced)
    }

    /// Replaces what is known of it without its content; false if it was changed meanwhile.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) async fn replace_head(&mut self, store: &KeptStore) -> Result<bool, ApiError> {
        let name = (DocumentKind::Response, self.id.as_str());
        let head = head_json(&self.head);
        let replaced = LargeDocument::replace_head(store.plain(), name, self.revision, head).await;
        let is_replaced = replaced.map_err(|error| unavailable(&error))?;
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
    pub(super) async fn delete(&self, store: &KeptStore) -> Result<bool, ApiError> {
        let group = (DocumentKind::Response, self.owner.as_str());
        store.delete(group, &self.id).await
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

/// What was said up to `previous`, with it.
///
/// # Errors
/// It is not complete, one before it is gone, or the store does not answer.
pub(super) async fn said(
    store: &KeptStore,
    caller: &Caller,
    previous: Kept,
) -> Result<Said, ApiError> {
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
    earlier.push(previous);
    let (mut turns, mut memory) = (Vec::new(), Vec::new());
    for (number, kept) in earlier.into_iter().enumerate() {
        let place = format!("{PREVIOUS}.{number}");
        turns.extend(format::stored_turns(&place, &kept.input, &kept.response)?);
        memory.extend(kept.memory);
    }
    Ok(Said { turns, memory })
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

/// The field that names the response to go on from.
pub(super) const PREVIOUS: &str = "previous_response_id";
const GONE: &str = "the id is another one, its stream was left before its end (`background: true` goes on), it \
                    was made with `store: false`, was too large to be kept, was deleted, is older than \
                    `responses.keep_days`, or belongs to another key.";
