//! What the failures of any connection mean for the store.

use sqlx::Error;

use crate::{StoreError, writer::WriteError};

/// A read, or a write outside the writer, failed.
pub(crate) fn failed(error: Error) -> StoreError {
    match error {
        Error::PoolClosed => StoreError::Closed,
        other => StoreError::Database(Box::new(other)),
    }
}

/// Connecting failed: nothing in the batch can be the reason.
pub(crate) fn outage(error: Error) -> WriteError {
    WriteError::Outage(error.to_string())
}
