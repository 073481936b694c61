//! What the upstream remembers between calls: conversations, uploaded files and pictures.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::picture::Picture;

/// Conversations kept at most; the oldest is forgotten first.
const MAX_CONVERSATIONS: usize = 10_000;
/// Pictures kept at most; the oldest is forgotten first.
const MAX_PICTURES: usize = 10_000;
/// Bytes of uploads kept at most; the oldest is forgotten first.
const MAX_UPLOAD_BYTES: usize = 256 * 1024 * 1024;

/// A conversation that is not temporary.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) account: String,
    /// Answers in order; the last one is the parent of a follow-up.
    pub(crate) responses: Vec<String>,
}

/// An uploaded file.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) content: Bytes,
}

#[derive(Debug, Default)]
struct Inner {
    conversations: HashMap<String, Conversation>,
    oldest: VecDeque<String>,
    pictures: HashMap<String, Picture>,
    oldest_pictures: VecDeque<String>,
    uploads: VecDeque<Upload>,
    upload_bytes: usize,
}

/// All of it behind one mutex; no call holds it for more than a look-up.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    inner: Mutex<Inner>,
}

impl Memory {
    /// Starts a conversation or adds an answer to it.
    pub(crate) fn remember(&self, id: &str, account: &str, response: &str) {
        let mut inner = self.inner.lock();
        if let Some(known) = inner.conversations.get_mut(id) {
            known.responses.push(response.to_owned());
            return;
        }
        if inner.oldest.len() >= MAX_CONVERSATIONS
            && let Some(oldest) = inner.oldest.pop_front()
        {
            inner.conversations.remove(&oldest);
        }
        inner.oldest.push_back(id.to_owned());
        let responses = vec![response.to_owned()];
        inner.conversations.insert(
            id.to_owned(),
            Conversation {
                account: account.to_owned(),
                responses,
            },
        );
    }

    pub(crate) fn conversation(&self, id: &str) -> Option<Conversation> {
        self.inner.lock().conversations.get(id).cloned()
    }

    /// Keeps a generated picture under its id.
    pub(crate) fn keep_picture(&self, id: &str, picture: Picture) {
        let mut inner = self.inner.lock();
        if inner.oldest_pictures.len() >= MAX_PICTURES
            && let Some(oldest) = inner.oldest_pictures.pop_front()
        {
            inner.pictures.remove(&oldest);
        }
        inner.oldest_pictures.push_back(id.to_owned());
        inner.pictures.insert(id.to_owned(), picture);
    }

    pub(crate) fn picture(&self, id: &str) -> Option<Picture> {
        self.inner.lock().pictures.get(id).copied()
    }

    pub(crate) fn store(&self, upload: Upload) {
        let mut inner = self.inner.lock();
        inner.upload_bytes += upload.content.len();
        inner.uploads.push_back(upload);
        while inner.upload_bytes > MAX_UPLOAD_BYTES
            && let Some(oldest) = inner.uploads.pop_front()
        {
            inner.upload_bytes -= oldest.content.len();
        }
    }

    pub(crate) fn upload(&self, id: &str) -> Option<Upload> {
        self.inner
            .lock()
            .uploads
            .iter()
            .find(|upload| upload.id == id)
            .cloned()
    }

    pub(crate) fn clear(&self) {
        *self.inner.lock() = Inner::default();
    }
}
