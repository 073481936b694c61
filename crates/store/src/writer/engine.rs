//! What an engine does for the writer.

use async_trait::async_trait;

use super::{Batch, Done};

/// The writing half of an engine: one connection, used by one task.
#[async_trait]
pub(crate) trait Engine: Send + 'static {
    /// Applies the batch in one transaction, connecting first if there is no connection. Answers
    /// once it is committed, with one [`Done`] for each of [`Batch::ops`].
    ///
    /// On an error nothing of the batch is stored, except that the end of a commit whose answer was
    /// lost is unknown.
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Vec<Done>, WriteError>;

    /// Throws the connection away, after an error that was not a refusal.
    fn disconnect(&mut self);

    /// Lets go of the database.
    async fn close(&mut self);
}

/// Why a transaction failed. Each holds a reason for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// The data is at fault: trying again cannot help.
    Refused(String),
    /// Nothing can be written at the moment: disk full, locked, connection lost.
    Outage(String),
    /// The engine cannot tell. The writer finds out by trying writes on their own.
    Unclear(String),
}
