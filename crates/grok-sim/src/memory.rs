//! What the upstream remembers between calls: conversations, uploaded files and pictures.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::{film::Film, picture::Picture, usual::Asked};

/// Conversations kept at most; the oldest is forgotten first.
const MAX_CONVERSATIONS: usize = 10_000;
/// Bytes of questions kept at most; the oldest conversation is forgotten first.
const MAX_QUESTION_BYTES: usize = 64 * 1024 * 1024;
/// Pictures kept at most; the oldest is forgotten first.
const MAX_PICTURES: usize = 10_000;
/// Videos and posts kept at most, each; the oldest is forgotten first.
const MAX_VIDEOS: usize = 10_000;
/// Bytes of uploads kept at most; the oldest is forgotten first.
const MAX_UPLOAD_BYTES: usize = 256 * 1024 * 1024;

/// A conversation that is not temporary.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) account: String,
    /// Answers in order; the last one is the parent of a follow-up.
    pub(crate) responses: Vec<Answered>,
}

/// One answer of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) id: String,
    /// What it answered, where a follow-up may need it.
    pub(crate) asked: Option<Asked>,
}

impl Answered {
    fn question_bytes(&self) -> usize {
        self.asked.as_ref().map_or(0, |asked| asked.question.len())
    }
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

/// A video that was made.
#[derive(Clone, Debug)]
pub(crate) struct MadeVideo {
    pub(crate) account: String,
    pub(crate) film: Film,
}

/// One that was made, and how it is called.
#[derive(Debug)]
struct KeptVideo {
    id: String,
    post: String,
    video: MadeVideo,
}

#[derive(Debug, Default)]
struct Inner {
    conversations: HashMap<String, Conversation>,
    oldest: VecDeque<String>,
    question_bytes: usize,
    pictures: HashMap<String, Picture>,
    oldest_pictures: VecDeque<String>,
    uploads: VecDeque<Upload>,
    upload_bytes: usize,
    videos: VecDeque<KeptVideo>,
    /// Ids of posts and their accounts.
    posts: VecDeque<(String, String)>,
}

/// All of it behind one mutex; no call holds it for more than a look-up.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    inner: Mutex<Inner>,
}

impl Memory {
    /// Starts a conversation or adds an answer to it.
    pub(crate) fn remember(&self, id: &str, account: &str, response: Answered) {
        let mut inner = self.inner.lock();
        inner.question_bytes += response.question_bytes();
        if let Some(known) = inner.conversations.get_mut(id) {
            known.responses.push(response);
        } else {
            inner.oldest.push_back(id.to_owned());
            inner.conversations.insert(
                id.to_owned(),
                Conversation {
                    account: account.to_owned(),
                    responses: vec![response],
                },
            );
        }
        while (inner.oldest.len() > MAX_CONVERSATIONS || inner.question_bytes > MAX_QUESTION_BYTES)
            && let Some(oldest) = inner.oldest.pop_front()
        {
            let gone = inner.conversations.remove(&oldest);
            let gone = gone.iter().flat_map(|gone| &gone.responses);
            inner.question_bytes -= gone.map(Answered::question_bytes).sum::<usize>();
        }
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

    /// Keeps a video under its id and that of its post.
    pub(crate) fn keep_video(&self, id: &str, post: &str, video: MadeVideo) {
        let mut inner = self.inner.lock();
        if inner.videos.len() >= MAX_VIDEOS {
            inner.videos.pop_front();
        }
        inner.videos.push_back(KeptVideo {
            id: id.to_owned(),
            post: post.to_owned(),
            video,
        });
    }

    pub(crate) fn video(&self, id: &str) -> Option<MadeVideo> {
        let inner = self.inner.lock();
        let kept = inner.videos.iter().find(|kept| kept.id == id)?;
        Some(kept.video.clone())
    }

    /// The newest video of a post.
    pub(crate) fn video_of_post(&self, post: &str) -> Option<MadeVideo> {
        let inner = self.inner.lock();
        let kept = inner.videos.iter().rev().find(|kept| kept.post == post)?;
        Some(kept.video.clone())
    }

    pub(crate) fn keep_post(&self, id: &str, account: &str) {
        let mut inner = self.inner.lock();
        if inner.posts.len() >= MAX_VIDEOS {
            inner.posts.pop_front();
        }
        inner.posts.push_back((id.to_owned(), account.to_owned()));
    }

    /// The account that made a post.
    pub(crate) fn post_of(&self, id: &str) -> Option<String> {
        let inner = self.inner.lock();
        let found = inner.posts.iter().find(|(post, _)| post == id)?;
        Some(found.1.clone())
    }

    /// Ids of an account's uploads and videos, newest first.
    pub(crate) fn assets_of(&self, account: &str) -> Vec<String> {
        let inner = self.inner.lock();
        let videos = inner.videos.iter().rev();
        let videos = videos.filter(|kept| kept.video.account == account);
        let uploads = inner.uploads.iter().rev();
        let uploads = uploads.filter(|upload| upload.account == account);
        videos
            .map(|kept| kept.id.clone())
            .chain(uploads.map(|upload| upload.id.clone()))
            .collect()
    }

    /// Deletes an upload or a video of the account; false when it has none of that id.
    pub(crate) fn forget_asset(&self, id: &str, account: &str) -> bool {
        let mut inner = self.inner.lock();
        let before = inner.videos.len() + inner.uploads.len();
        inner
            .videos
            .retain(|kept| kept.id != id || kept.video.account != account);
        inner
            .uploads
            .retain(|upload| upload.id != id || upload.account != account);
        let left = inner.uploads.iter().map(|upload| upload.content.len());
        inner.upload_bytes = left.sum();
        inner.videos.len() + inner.uploads.len() < before
    }

    pub(crate) fn clear(&self) {
        *self.inner.lock() = Inner::default();
    }
}
