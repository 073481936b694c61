//! Streams of pictures whose callers have stopped reading: as long as one is not polled it would hold account,
//! slot and upstream call.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::Stream;
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    delivery,
    gateway::chat::unread::{Entry, Unread, UnreadAnswers, note_end},
    record::RequestRecord,
};

/// A stream that ends when nobody has read it for too long.
pub(super) struct Watched<S> {
    held: Arc<Held<S>>,
    _entry: Entry,
}

struct Held<S> {
    inner: Mutex<Inner<S>>,
    record: RequestRecord,
    delivery: Option<CancellationToken>,
}

struct Inner<S> {
    /// `None` once it is over, or somebody has looked.
    stream: Option<Pin<Box<S>>>,
    /// Since when a piece waits to be taken; `None` while the caller waits for the next.
    unread_since: Option<Instant>,
}

/// The pieces of `stream`, which a request asks for that has this record.
pub(super) fn watch<S: Stream + Send + 'static>(
    stream: S,
    record: RequestRecord,
    unread: &UnreadAnswers,
) -> Watched<S> {
    let held = Arc::new(Held {
        inner: Mutex::new(Inner {
            stream: Some(Box::pin(stream)),
            unread_since: None,
        }),
        record,
        delivery: delivery::current(),
    });
    let registered: Arc<dyn Unread> = Arc::clone(&held) as _;
    Watched {
        _entry: unread.register(&registered),
        held,
    }
}

impl<S: Stream> Stream for Watched<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut inner = self.held.inner.lock();
        inner.unread_since = None;
        let Some(stream) = &mut inner.stream else {
            return Poll::Ready(None);
        };
        let piece = ready!(stream.as_mut().poll_next(context));
        match piece {
            Some(_) => inner.unread_since = Some(Instant::now()),
            None => inner.stream = None,
        }
        Poll::Ready(piece)
    }
}

impl<S: Send> Unread for Held<S> {
    fn end_if_unread(&self, limit: Duration) -> bool {
        let is_old = |since: Instant| since.elapsed() >= limit;
        let stream = {
            let mut inner = self.inner.lock();
            let is_unread = inner.unread_since.is_some_and(is_old);
            is_unread.then(|| inner.stream.take()).flatten()
        };
        let is_ended = stream.is_some();
        if is_ended {
            note_end(&self.record, self.delivery.clone());
        }
        is_ended
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, future::poll_immediate, stream};
    use store::MasterKey;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_stream_that_nobody_reads_gives_back_what_it_holds_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        let unread = UnreadAnswers::default();
        let slot = Arc::new(());
        let pieces = || {
            let slot = Arc::clone(&slot);
            stream::iter([1, 2]).chain(stream::pending()).map(move |n| {
                let _held = &slot;
                n
            })
        };
        tokio::time::pause();
        let delivery = CancellationToken::new();
        let record = || RequestRecord::begin("r1".into(), None, store.clone());
        let watched = || watch(pieces(), record(), &unread);
        let deaf = delivery::DELIVERY.sync_scope(delivery.clone(), watched);
        let (mut deaf, mut waiting, mut read) = (Box::pin(deaf), watched(), watched());
        assert_eq!(deaf.next().await, Some(1));
        assert_eq!(read.next().await, Some(1));
        while let Some(Some(_)) = poll_immediate(waiting.next()).await {}
        tokio::time::advance(LIMIT / 2).await;
        assert_eq!(read.next().await, Some(2));
        tokio::time::advance(LIMIT / 2).await;
        assert_eq!(unread.end_older_than(LIMIT), 1);
        assert!(delivery.is_cancelled());
        assert_eq!(Arc::strong_count(&slot), 3, "two others and this one");
        assert_eq!(deaf.next().await, None);
        drop((deaf, waiting, read));
        assert_eq!((Arc::strong_count(&slot), unread.ended()), (1, 1));
        store.close().await;
    }
}
