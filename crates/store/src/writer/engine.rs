//! What an engine does for the writer.

use async_trait::async_trait;

use super::{Batch, Done};

/// The writing half of an engine: one connection, used by one task.
#[async_trait]
pub(crate) trait Engine: Send + 'static {
    /// Applies the batch in one transaction, connecting first if there is no connection. Answers
    /// once it is committed, with one [`Done`] for each of [`Batch::ops`].
    ///
    /// A batch whose [`id`](Batch::id) is stored was committed by an earlier try: it is not applied
    /// again, and the answer is what it did then: as many [`Done`] as that try had operations. So the id is compared and stored in the
    /// transaction itself, which also keeps out a try that was given up and arrives late: an id at
    /// or below the stored one of the same writer changes nothing. An engine whose commits cannot
    /// lose their answer needs no such mark.
    ///
    /// On an error nothing of this try is stored, except after [`WriteError::Lost`].
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Vec<Done>, WriteError>;

    /// Throws the connection away, after an error that was not a refusal.
    fn disconnect(&mut self);

    /// Lets go of the database.
    async fn close(&mut self);
}

/// Why a transaction failed. Each holds a reason for people.
///
/// [`Refused`](Self::Refused) and [`Unclear`](Self::Unclear) also say that no earlier try with the
/// same id is stored, since a try looks for that first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// The data is at fault: trying again cannot help.
    Refused(String),
    /// Nothing can be written at the moment: disk full, locked, connection lost.
    Outage(String),
    /// The engine cannot tell which of the two it is. The writer finds out by trying writes on their
    /// own.
    Unclear(String),
    /// No answer came to a commit: the batch may be stored. Another one of its id finds out.
    Lost(String),
}
