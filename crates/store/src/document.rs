//! Small things that several instances share and that end by themselves: one trait for all kinds, so
//! that no engine needs a table for each.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Page, StoreError, crypto::Keys};

/// Longest id and group, in bytes.
const NAME_BYTES: usize = 128;
/// Largest content, in bytes before it is encrypted.
pub const DOCUMENT_BYTES: usize = 256 * 1024;
/// Data of so many bytes and more is not compressed, but for parts: how large it is stays to be seen where it is
/// stored.
pub(crate) const UNCOMPRESSED_BYTES: usize = 32 * 1024;

/// What a document is; ids of different kinds have nothing to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Long work and how far it is.
    Job,
    /// Some of the targets of long work, and what became of them.
    JobItem,
    /// Deleted accounts that may come back.
    Undo,
    /// What a conversation needs to be continued by any instance.
    #[serde(rename = "conversation")]
    UpstreamConversation,
    /// When and by whom such a conversation was last continued: what the operator lists.
    #[serde(rename = "conversation_use")]
    UpstreamConversationUse,
    /// A key that callers of the API present.
    ClientKey,
    /// A response that its caller may go on from.
    Response,
    /// A conversation that a caller's responses are part of.
    ApiConversation,
    /// A piece of a document that is larger than one may be.
    Part,
    /// What is known of a file that a caller uploaded; its content lies elsewhere.
    File,
}

impl DocumentKind {
    pub const ALL: [Self; 10] = [
        Self::Job,
        Self::JobItem,
        Self::Undo,
        Self::UpstreamConversation,
        Self::UpstreamConversationUse,
        Self::ClientKey,
        Self::Response,
        Self::ApiConversation,
        Self::Part,
        Self::File,
    ];

    /// The name in stored rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::JobItem => "job_item",
            Self::Undo => "undo",
            Self::UpstreamConversation => "conversation",
            Self::UpstreamConversationUse => "conversation_use",
            Self::ClientKey => "client_key",
            Self::Response => "response",
            Self::ApiConversation => "api_conversation",
            Self::Part => "part",
            Self::File => "file",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether contents may hold credentials, or are what callers said: they are encrypted then.
    fn is_secret(self) -> bool {
        match self {
            Self::Job | Self::UpstreamConversation | Self::UpstreamConversationUse => false,
            Self::JobItem
            | Self::Undo
            | Self::ClientKey
            | Self::Response
            | Self::ApiConversation
            | Self::Part
            | Self::File => true,
        }
    }
}

/// One document.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub kind: DocumentKind,
    /// Unique in its kind; made by the caller. At most 128 bytes.
    pub id: String,
    /// What it is listed with; may be empty. At most 128 bytes.
    pub group: String,
    /// Unix milliseconds: its place in the list of its group.
    pub at_ms: i64,
    /// Unix milliseconds from which a sweep removes it. Reads do not look at it.
    pub expires_ms: i64,
    /// 1 when it is new, and one more with each change: counted by the store, whatever a write says.
    /// Not part of what is copied to another store.
    #[serde(skip)]
    pub revision: u64,
    /// JSON, at most [`DOCUMENT_BYTES`].
    pub data: String,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("group", &self.group)
            .field("at_ms", &self.at_ms)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl Document {
    /// The document as it is stored.
    pub(crate) fn seal(mut self, keys: &Keys) -> Result<Self, StoreError> {
        let is_short = self.id.len() <= NAME_BYTES && self.group.len() <= NAME_BYTES;
        if !is_short || self.data.len() > DOCUMENT_BYTES {
            return Err(StoreError::Constraint {
                reason: format!("a document ({}) is too large", self.kind.as_str()),
            });
        }
        if self.kind.is_secret() {
            let owner = self.owner();
            self.data = match self.is_compressed() {
                true => keys.seal_compressed(&owner, &self.data)?,
                false => keys.seal(&owner, &self.data)?,
            };
        }
        Ok(self)
    }

    /// The document as it was written; `None`, and a line in the log, when it does not decrypt.
    pub(crate) fn open(mut self, keys: &Keys) -> Option<Self> {
        if self.kind.is_secret() {
            let Some(data) = keys.open(&self.owner(), &self.data) else {
                let (kind, id) = (self.kind.as_str(), &self.id);
                tracing::warn!(kind, id, "document {id} ({kind}) does not decrypt");
                return None;
            };
            self.data = data;
        }
        Some(self)
    }

    /// Of what answers are made, and where the size says nothing. Other kinds stay as versions before can read
    /// them: those take what they cannot read for absent, and remove what belongs to it.
    fn is_compressed(&self) -> bool {
        match self.kind {
            DocumentKind::Part => true,
            DocumentKind::Response | DocumentKind::ApiConversation => {
                self.data.len() < UNCOMPRESSED_BYTES
            }
            _ => false,
        }
    }

    /// What its ciphertext is bound to. No account has such an id.
    fn owner(&self) -> String {
        format!("document {} {}", self.kind.as_str(), self.id)
    }
}

/// Which documents to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentQuery {
    pub kind: DocumentKind,
    pub group: String,
    /// Only documents behind this one: the last of a page, as time and id, begins the next.
    pub after: Option<(i64, String)>,
    /// Documents at most.
    pub limit: u32,
}

/// How large a document is, which says what to do before it is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSize {
    pub id: String,
    /// Unix milliseconds: with the id its place in the list of its group.
    pub at_ms: i64,
    /// Of its data as it is stored: at least 32 KiB if so many were written, or fewer that encryption made so many.
    /// Of a [`DocumentKind::Part`], which is always compressed, it says nothing of the kind.
    pub bytes: u64,
}

/// Keeps documents. Every write is durable when it returns.
#[async_trait]
pub trait DocumentStore: Send + Sync {
    /// Adds a document, or replaces the one of its id; its revision is the store's business.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] for one that is too large.
    async fn put_document(&self, document: Document) -> Result<(), StoreError>;

    /// Replaces the document of that id if the stored one has the same revision, which rises by one.
    /// `false`: it was changed meanwhile, or is no longer there: one that was removed does not come
    /// back.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] for one that is too large.
    async fn replace_document(&self, document: Document) -> Result<bool, StoreError>;

    /// Bytes of what was deleted that the store still has of the disk of this server, and gives to new documents before
    /// it takes more; 0 for a store that is elsewhere.
    async fn reusable_bytes(&self) -> Result<u64, StoreError>;

    /// The document of that id, also when its time is over.
    async fn get_document(
        &self,
        kind: DocumentKind,
        id: &str,
    ) -> Result<Option<Document>, StoreError>;

    /// Documents of one kind and group in the order of time and id. A page ends by bytes as well
    /// ([`PAGE_BYTES`](crate::PAGE_BYTES)).
    async fn list_documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError>;

    /// The first `limit` documents of one kind and group in the order of time and id, without their
    /// data; those that do not decrypt as well.
    async fn oldest_documents(
        &self,
        kind: DocumentKind,
        group: &str,
        limit: u32,
    ) -> Result<Vec<DocumentSize>, StoreError>;

    /// How many there are of one kind and group.
    async fn count_documents(&self, kind: DocumentKind, group: &str) -> Result<u64, StoreError>;

    /// Removes a document; `false` when it is no longer there.
    async fn delete_document(&self, kind: DocumentKind, id: &str) -> Result<bool, StoreError>;

    /// Removes every document of a group; how many. In transactions of 500, so one that is added
    /// meanwhile may stay.
    async fn delete_documents(&self, kind: DocumentKind, group: &str) -> Result<u64, StoreError>;

    /// Removes the documents of a group up to this place, and with it, whose data takes fewer than `bytes` as
    /// it is stored; few, in one transaction. How many.
    async fn delete_documents_until(
        &self,
        kind: DocumentKind,
        group: &str,
        last: (i64, &str),
        bytes: u64,
    ) -> Result<u64, StoreError>;

    /// Removes documents whose time is over at `now_ms`, 10,000 at most; how many.
    async fn sweep_documents(&self, now_ms: i64) -> Result<u64, StoreError>;
}
