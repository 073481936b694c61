//! Documents of any size: one that says what it is, and others with the rest of its content.
//!
//! A change writes new parts first, then the document that names them, then removes the old parts; so a
//! reader sees either content whole, and what a crash leaves behind ends with its time. Each call of the
//! store is [`bounded`], so that one that is slow takes any size and one that is away is an error soon.

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    DOCUMENT_BYTES, Document, DocumentKind, DocumentStore, StoreError, bounded,
    document::UNCOMPRESSED_BYTES,
};

/// Content of one part, in bytes: where others follow, the first one tells so by its size.
const PART_BYTES: usize = UNCOMPRESSED_BYTES;
/// Longest head, in bytes: 500 ids, or metadata in characters that JSON escapes, are less.
const HEAD_BYTES: usize = 56 * 1024;
// As JSON text a byte of content takes six at most; ids and names are short.
const _: () = assert!(6 * PART_BYTES + HEAD_BYTES + 1024 <= DOCUMENT_BYTES);
/// Reads while the document is being replaced, before it counts as damaged.
const READS: usize = 4;

/// A document with a small head and content of any size.
#[derive(Clone, Debug)]
pub struct LargeDocument {
    /// Not [`DocumentKind::Part`].
    pub kind: DocumentKind,
    pub id: String,
    pub group: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// Unix milliseconds.
    pub expires_ms: i64,
    /// Counted by the store.
    pub revision: u64,
    /// JSON, 56 KiB at most.
    pub head: String,
    /// JSON.
    pub content: String,
}

/// What the document itself says. Its content is there as it is, or cut into text.
#[derive(Serialize, Deserialize)]
struct Envelope {
    head: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    whole: Option<Box<RawValue>>,
    /// The first part.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    content: String,
    /// Of the parts that follow: a name of this content, and how many there are.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default)]
    parts: usize,
}

impl Envelope {
    /// Bytes of its content at most.
    fn content_bytes(&self) -> usize {
        let here = self
            .whole
            .as_ref()
            .map_or(self.content.len(), |whole| whole.get().len());
        here.saturating_add(self.parts.saturating_mul(PART_BYTES))
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl LargeDocument {
    /// Adds it. Nothing may have its id yet: the parts of that would be left.
    ///
    /// # Errors
    /// Those of [`DocumentStore::put_document`].
    pub async fn add(self, store: &dyn DocumentStore) -> Result<(), StoreError> {
        let (document, parts) = self.write_parts(store).await?;
        let added = bounded(store.put_document(document)).await;
        // One whose answer did not come in time may still be written, with its parts.
        if let Err(StoreError::Constraint { .. }) = added {
            let _ = remove(store, parts).await;
        }
        added
    }

    /// Replaces the one of its id if that still has this revision; whether it did.
    ///
    /// # Errors
    /// Those of [`DocumentStore::replace_document`].
    pub async fn replace(self, store: &dyn DocumentStore) -> Result<bool, StoreError> {
        let old = bounded(store.get_document(self.kind, &self.id)).await?;
        if old.as_ref().map(|old| old.revision) != Some(self.revision) {
            return Ok(false);
        }
        let (document, new) = self.write_parts(store).await?;
        let is_replaced = bounded(store.replace_document(document)).await?;
        if is_replaced {
            remove_parts(store, old).await?;
        } else {
            remove(store, new).await?;
        }
        Ok(is_replaced)
    }

    /// Replaces the head alone, of the one that still has this revision; whether it did. Of the content the
    /// first part is read and written with it, the others are not.
    ///
    /// # Errors
    /// Those of [`DocumentStore::replace_document`].
    pub async fn replace_head(
        store: &dyn DocumentStore,
        (kind, id): (DocumentKind, &str),
        revision: u64,
        head: String,
    ) -> Result<bool, StoreError> {
        let Some(document) = bounded(store.get_document(kind, id)).await? else {
            return Ok(false);
        };
        let Some(envelope) = open(&document).filter(|_| document.revision == revision) else {
            return Ok(false);
        };
        let envelope = Envelope {
            head: head_of(head)?,
            ..envelope
        };
        let data = envelope.to_json();
        bounded(store.replace_document(Document { data, ..document })).await
    }

    /// The document of that id. `may_read` is told how many bytes it has at most before the rest of them
    /// is read, and gives what is returned with them, or why they are not to be read.
    ///
    /// # Errors
    /// The store's, or a part of it is missing; what `may_read` says.
    pub async fn get<T, E: From<StoreError>>(
        store: &dyn DocumentStore,
        kind: DocumentKind,
        id: &str,
        mut may_read: impl FnMut(usize) -> Result<T, E>,
    ) -> Result<Option<(Self, T)>, E> {
        for _ in 0..READS {
            let Some(document) = bounded(store.get_document(kind, id)).await? else {
                return Ok(None);
            };
            let envelope = open(&document).ok_or_else(|| unreadable(&document))?;
            let with = may_read(envelope.content_bytes())?;
            if let Some(whole) = read_parts(store, document, envelope).await? {
                return Ok(Some((whole, with)));
            }
        }
        let reason = format!("a part of document {id} ({}) is missing", kind.as_str());
        Err(StoreError::Constraint { reason }.into())
    }

    /// Whether its content is more than one document takes.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        self.content.len() > PART_BYTES
    }

    /// The document of that id without its content, which is empty.
    ///
    /// # Errors
    /// The store's, or it cannot be read.
    pub async fn get_head(
        store: &dyn DocumentStore,
        kind: DocumentKind,
        id: &str,
    ) -> Result<Option<Self>, StoreError> {
        let Some(document) = bounded(store.get_document(kind, id)).await? else {
            return Ok(None);
        };
        let envelope = open(&document).ok_or_else(|| unreadable(&document))?;
        Ok(Some(whole(document, &envelope.head, String::new())))
    }

    /// Removes the oldest documents of a group, few; how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete_oldest(
        store: &dyn DocumentStore,
        (kind, group): (DocumentKind, &str),
        number: u32,
    ) -> Result<u64, StoreError> {
        if number == 0 {
            return Ok(0);
        }
        let oldest = bounded(store.oldest_documents(kind, group, number)).await?;
        let Some(last) = oldest.last() else {
            return Ok(0);
        };
        // One with parts has a whole first piece. One that others write meanwhile stays.
        let whole = PART_BYTES as u64;
        let with_parts = oldest.iter().filter(|one| one.bytes >= whole);
        let deleting = with_parts.map(|one| Self::delete(store, kind, &one.id));
        let deleted = try_join_all(deleting).await?;
        let last = (last.at_ms, last.id.as_str());
        let others = bounded(store.delete_documents_until(kind, group, last, whole)).await?;
        Ok(others + deleted.into_iter().map(u64::from).sum::<u64>())
    }

    /// Removes the document of that id; whether it was there.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete(
        store: &dyn DocumentStore,
        kind: DocumentKind,
        id: &str,
    ) -> Result<bool, StoreError> {
        let old = bounded(store.get_document(kind, id)).await?;
        let is_deleted = bounded(store.delete_document(kind, id)).await?;
        remove_parts(store, old).await?;
        Ok(is_deleted)
    }

    /// Writes all but the document itself; with it the ids of the parts. None is left of one that fails, as
    /// far as the store goes on.
    async fn write_parts(
        self,
        store: &dyn DocumentStore,
    ) -> Result<(Document, Vec<String>), StoreError> {
        let mut envelope = Envelope {
            head: head_of(self.head)?,
            whole: None,
            content: String::new(),
            name: String::new(),
            parts: 0,
        };
        let mut written = Vec::new();
        if self.content.len() <= PART_BYTES {
            envelope.whole = Some(json(self.content, "content")?);
        } else {
            envelope.name = uuid::Uuid::new_v4().simple().to_string();
            let mut pieces = pieces(&self.content);
            envelope.content = pieces.next().unwrap_or_default().to_owned();
            for piece in pieces {
                let id = part_id(&envelope.name, written.len());
                let part = Document {
                    kind: DocumentKind::Part,
                    id: id.clone(),
                    group: envelope.name.clone(),
                    at_ms: self.at_ms,
                    expires_ms: self.expires_ms,
                    revision: 0,
                    data: serde_json::to_string(piece).unwrap_or_default(),
                };
                // Also one whose answer did not come may be there.
                written.push(id);
                if let Err(error) = bounded(store.put_document(part)).await {
                    let _ = remove(store, written).await;
                    return Err(error);
                }
            }
            envelope.parts = written.len();
        }
        let document = Document {
            kind: self.kind,
            id: self.id,
            group: self.group,
            at_ms: self.at_ms,
            expires_ms: self.expires_ms,
            revision: self.revision,
            data: envelope.to_json(),
        };
        Ok((document, written))
    }
}

fn head_of(head: String) -> Result<Box<RawValue>, StoreError> {
    if head.len() > HEAD_BYTES {
        return Err(StoreError::Constraint {
            reason: "the head of a document is too large".to_owned(),
        });
    }
    json(head, "head")
}

fn json(text: String, what: &str) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(text).map_err(|_| StoreError::Constraint {
        reason: format!("the {what} of a document is not JSON"),
    })
}

fn part_id(name: &str, number: usize) -> String {
    format!("{name}.{number}")
}

/// Cuts at characters.
fn pieces(content: &str) -> impl Iterator<Item = &str> {
    let mut rest = content;
    std::iter::from_fn(move || {
        let end = rest.floor_char_boundary(PART_BYTES.min(rest.len()));
        let (piece, after) = rest
            .split_at_checked(end)
            .filter(|(piece, _)| !piece.is_empty())?;
        rest = after;
        Some(piece)
    })
}

/// `None`: it was replaced meanwhile.
async fn read_parts(
    store: &dyn DocumentStore,
    document: Document,
    envelope: Envelope,
) -> Result<Option<LargeDocument>, StoreError> {
    let mut content = match envelope.whole {
        Some(whole) => String::from(Box::<str>::from(whole)),
        None => envelope.content,
    };
    for number in 0..envelope.parts {
        let id = part_id(&envelope.name, number);
        let Some(part) = bounded(store.get_document(DocumentKind::Part, &id)).await? else {
            return Ok(None);
        };
        let piece: String = serde_json::from_str(&part.data).unwrap_or_default();
        content.push_str(&piece);
    }
    Ok(Some(whole(document, &envelope.head, content)))
}

fn whole(document: Document, head: &RawValue, content: String) -> LargeDocument {
    LargeDocument {
        kind: document.kind,
        id: document.id,
        group: document.group,
        at_ms: document.at_ms,
        expires_ms: document.expires_ms,
        revision: document.revision,
        head: head.get().to_owned(),
        content,
    }
}

fn unreadable(document: &Document) -> StoreError {
    StoreError::Constraint {
        reason: format!("document {} cannot be read", document.id),
    }
}

fn open(document: &Document) -> Option<Envelope> {
    serde_json::from_str(&document.data).ok()
}

async fn remove_parts(store: &dyn DocumentStore, old: Option<Document>) -> Result<(), StoreError> {
    let Some(envelope) = old.as_ref().and_then(open) else {
        return Ok(());
    };
    let ids = (0..envelope.parts).map(|number| part_id(&envelope.name, number));
    remove(store, ids.collect()).await
}

async fn remove(store: &dyn DocumentStore, parts: Vec<String>) -> Result<(), StoreError> {
    for id in parts {
        bounded(store.delete_document(DocumentKind::Part, &id)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
