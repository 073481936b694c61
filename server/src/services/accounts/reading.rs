//! Reading texts with accounts: tens of megabytes take seconds, in which a thread of the runtime
//! would serve nobody.

use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

/// A text that is read at once, whoever else is reading.
const INLINE_BYTES: usize = 64 * 1024;
/// Long texts that are read at the same time: what is read of one takes several times its length.
static READING: Semaphore = Semaphore::const_new(1);

/// What `read` makes of a text.
///
/// # Errors
/// `read` has panicked.
pub(in crate::services) async fn reading<T: Send + 'static>(
    text: String,
    read: impl FnOnce(&str) -> T + Send + 'static,
) -> Result<T, JoinError> {
    if text.len() <= INLINE_BYTES {
        return Ok(read(&text));
    }
    // Never closed; without a permit the text would be read all the same.
    let permit = READING.acquire().await.ok();
    spawn_blocking(move || {
        let _permit = permit;
        read(&text)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::thread::{ThreadId, current};

    use super::*;

    async fn read_by(bytes: usize) -> ThreadId {
        reading("x".repeat(bytes), |_| current().id())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn long_texts_are_left_to_a_thread_that_serves_nobody() {
        let here = current().id();
        assert_eq!(read_by(INLINE_BYTES).await, here);
        assert_ne!(read_by(INLINE_BYTES + 1).await, here);
    }
}
