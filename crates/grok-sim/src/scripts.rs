//! Queues of scripted replies: one for each account and operation, used from the front.

use std::collections::{BTreeMap, VecDeque};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::reply::Reply;

/// Name of the queue that serves every account without replies of its own.
pub const ANY_ACCOUNT: &str = "*";

/// The calls that have queues of their own.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A new conversation or a follow-up.
    #[default]
    Chat,
    /// The quota question.
    RateLimits,
    /// The question what is left of pictures and videos.
    ImagineQuota,
    /// The upload of an attachment.
    Upload,
    /// The download of an asset.
    Download,
    /// Pictures, asked for over the imagine socket. A reply that is an HTTP answer, a silence or a
    /// reset comes instead of an open socket.
    Imagine,
    /// An edit of images.
    Edit,
    /// A media post, which older edits and videos hang on.
    Post,
    /// A video.
    Video,
    /// The larger form of a video.
    Upscale,
    /// The list of an account's files, and the deletion of one.
    Assets,
    /// The terms of the accounts' site.
    AccountTerms,
    /// The product's terms.
    ProductTerms,
    /// A birth date.
    BirthDate,
    /// The setting for adult content.
    FeatureControls,
    /// The token for a voice room.
    Voice,
    /// A voice room. Its reply is settled when its token is given, so a room needs no second look at
    /// the account; an HTTP answer comes instead of an open room.
    Room,
    /// The handshake of an imagine socket; has no queue of its own.
    Socket,
}

/// Replies that nobody asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unused {
    /// Account, or [`ANY_ACCOUNT`].
    pub account: String,
    /// Queue.
    pub operation: Operation,
    /// What is left, next first.
    pub replies: Vec<Reply>,
}

/// All queues. A mutex around a small map: held for a look-up, never across an await.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    queues: Mutex<BTreeMap<(String, Operation), VecDeque<Reply>>>,
}

impl Scripts {
    pub(crate) fn push(
        &self,
        account: &str,
        operation: Operation,
        replies: impl IntoIterator<Item = Reply>,
    ) -> usize {
        let mut queues = self.queues.lock();
        let queue = queues.entry((account.to_owned(), operation)).or_default();
        queue.extend(replies);
        queue.len()
    }

    /// The next reply for the account, else the next one for any account.
    pub(crate) fn next(&self, account: &str, operation: Operation) -> Option<Reply> {
        let mut queues = self.queues.lock();
        if queues.is_empty() {
            return None;
        }
        [account, ANY_ACCOUNT].into_iter().find_map(|name| {
            let key = (name.to_owned(), operation);
            let queue = queues.get_mut(&key)?;
            let reply = queue.pop_front();
            if queue.is_empty() {
                queues.remove(&key);
            }
            reply
        })
    }

    /// The next reply, if it is one that `wanted` takes; else it stays.
    pub(crate) fn next_if(
        &self,
        account: &str,
        operation: Operation,
        wanted: impl Fn(&Reply) -> bool,
    ) -> Option<Reply> {
        let is_wanted = {
            let queues = self.queues.lock();
            let first = |name: &str| queues.get(&(name.to_owned(), operation))?.front();
            first(account)
                .or_else(|| first(ANY_ACCOUNT))
                .is_some_and(wanted)
        };
        is_wanted.then(|| self.next(account, operation)).flatten()
    }

    pub(crate) fn unused(&self) -> Vec<Unused> {
        let queues = self.queues.lock();
        queues
            .iter()
            .filter(|(_, queue)| !queue.is_empty())
            .map(|((account, operation), queue)| Unused {
                account: account.clone(),
                operation: *operation,
                replies: queue.iter().cloned().collect(),
            })
            .collect()
    }

    pub(crate) fn clear(&self) {
        self.queues.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_replies_go_first_and_leftovers_are_listed() {
        let scripts = Scripts::default();
        scripts.push(ANY_ACCOUNT, Operation::Chat, [Reply::Hang, Reply::Policy]);
        scripts.push("one", Operation::Chat, [Reply::Answer]);
        assert_eq!(scripts.next("one", Operation::Chat), Some(Reply::Answer));
        assert_eq!(scripts.next("one", Operation::Chat), Some(Reply::Hang));
        assert_eq!(
            scripts.next("one", Operation::Upload),
            None,
            "each call has its own queue"
        );
        let unused = scripts.unused();
        assert_eq!(unused.len(), 1);
        assert_eq!(unused[0].replies, [Reply::Policy]);
    }
}
