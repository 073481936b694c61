//! Lets the other tasks of this thread run before asking again.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures::task::AtomicWaker;
use tokio::task::yield_now;

/// Goes to the end of the runtime's queue.
///
/// hyper's HTTP/1 client hands a body over in a slot for one piece, and its task fills the slot
/// again only when it runs: whoever asks twice in a row finds nothing, though the bytes are there.
/// `yield_now` alone would not do, since hyper's server polls a pending body twice in a row and
/// `yield_now` takes the second poll for the end.
#[derive(Default)]
pub(super) struct Reschedule {
    signal: Option<Arc<Signal>>,
    is_waiting: bool,
}

#[derive(Default)]
struct Signal {
    is_over: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_over.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl Reschedule {
    /// Ready when the others have run since the first of these polls.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let signal = self.signal.get_or_insert_default();
        signal.task.register(context.waker());
        if !self.is_waiting {
            self.is_waiting = true;
            signal.is_over.store(false, Ordering::Relaxed);
            let waker = Waker::from(signal.clone());
            let _pending = pin!(yield_now()).poll(&mut Context::from_waker(&waker));
        }
        if !signal.is_over.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        self.is_waiting = false;
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio_util::task::TaskTracker;

    use super::*;

    #[tokio::test]
    async fn it_ends_when_the_others_have_run_however_often_it_is_polled() {
        let has_run = Arc::new(AtomicBool::new(false));
        let others = TaskTracker::new();
        let mut reschedule = Reschedule::default();
        for _ in 0..3 {
            has_run.store(false, Ordering::Relaxed);
            let other = others.spawn({
                let has_run = has_run.clone();
                async move { has_run.store(true, Ordering::Relaxed) }
            });
            poll_fn(|context| {
                if reschedule.poll(context).is_ready() {
                    return Poll::Ready(());
                }
                reschedule.poll(context)
            })
            .await;
            assert!(has_run.load(Ordering::Relaxed));
            other.await.unwrap();
        }
    }
}
