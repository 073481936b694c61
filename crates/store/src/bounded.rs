//! Waiting for the store, but not for ever.

use std::time::Duration;

use crate::StoreError;

/// How long somebody waits who is not told anything meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the store answers within five seconds.
///
/// # Errors
/// Those of `call`, and [`StoreError::Degraded`] when the time is over: a write may still be made.
pub async fn bounded<T>(
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let answer = tokio::time::timeout(PATIENCE, call).await;
    answer.unwrap_or_else(|_| {
        Err(StoreError::Degraded {
            reason: format!("no answer within {PATIENCE:?}"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_store_that_does_not_answer_is_an_error() {
        let never = bounded::<()>(std::future::pending()).await;
        assert!(matches!(never, Err(StoreError::Degraded { .. })));
        assert!(bounded(std::future::ready(Ok(()))).await.is_ok());
    }
}
