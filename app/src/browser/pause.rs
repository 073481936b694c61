//! Waiting.

use futures::channel::oneshot;
use leptos::prelude::set_timeout;
use std::time::Duration;

/// Resolves after `time`.
///
/// # Cancellation
/// Dropping the future changes nothing: its timer runs out unheard.
pub(crate) async fn pause(time: Duration) {
    let (over, wait) = oneshot::channel();
    set_timeout(move || _ = over.send(()), time);
    // An error means that the timer is gone, and with it the page.
    let _ = wait.await;
}
