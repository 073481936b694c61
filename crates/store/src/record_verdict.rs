//! What the row of a request will say, while nobody knows yet whether it is committed in time.
//!
//! Its caller waits for the commit only so long. Whoever gives up refuses the row: the answer failed
//! then, and whenever the row is written it says so. During a transaction the row can no longer be
//! changed, so only the end of that transaction tells which of the two it is.

use parking_lot::Mutex;

use crate::{Outcome, request::StoredRequest};

/// How a request ended whose record came too late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub error_code: &'static str,
    /// Bytes of the body that were sent all the same.
    pub bytes: u64,
}

impl Refusal {
    pub(crate) fn apply(self, request: &mut StoredRequest) {
        let row = &mut request.row;
        row.status = self.status;
        row.outcome = Outcome::Failed;
        row.error_code = Some(self.error_code.to_owned());
        row.bytes = self.bytes;
    }
}

/// Shared by the one who waits for a record and the writer.
#[derive(Debug, Default)]
pub(crate) struct RecordVerdict(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The row is in a transaction that has not ended.
    is_writing: bool,
    /// Waits for the next transaction.
    refusal: Option<Refusal>,
    /// The row says that the request was refused.
    is_refused: bool,
}

impl RecordVerdict {
    /// The caller gives up. True = the row will say so; false = it is being written, and only the
    /// end of the transaction tells.
    pub(crate) fn refuse(&self, refusal: Refusal) -> bool {
        let mut state = self.0.lock();
        state.refusal = Some(refusal);
        !state.is_writing
    }

    /// The row says, or will say, that the request was refused.
    pub(crate) fn is_refused(&self) -> bool {
        let state = self.0.lock();
        state.is_refused || (!state.is_writing && state.refusal.is_some())
    }

    /// A transaction begins; what the row has to say in it instead.
    pub(crate) fn begin(&self) -> Option<Refusal> {
        let mut state = self.0.lock();
        state.is_writing = true;
        let refusal = state.refusal.take();
        state.is_refused |= refusal.is_some();
        refusal
    }

    /// The transaction was undone.
    pub(crate) fn undo(&self) {
        self.0.lock().is_writing = false;
    }
}
