//! What SQLite's failures mean for the store.

use sqlx::{
    Error,
    error::{DatabaseError, ErrorKind},
};

use crate::writer::WriteError;

/// A statement of a batch failed, the first and the last of the transaction included.
pub(super) fn classify(error: Error) -> WriteError {
    let reason = error.to_string();
    match error {
        Error::Database(error) => classify_code(error.as_ref(), reason),
        Error::Encode(_) | Error::InvalidArgument(_) => WriteError::Refused(reason),
        Error::Io(_) | Error::WorkerCrashed => WriteError::Outage(reason),
        _ => WriteError::Unclear(reason),
    }
}

/// By result code, see <https://sqlite.org/rescode.html>.
fn classify_code(error: &dyn DatabaseError, reason: String) -> WriteError {
    /// TOOBIG, CONSTRAINT, MISMATCH, RANGE.
    const REFUSALS: [i32; 4] = [18, 19, 20, 25];
    /// PERM, BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL, SCHEMA,
    /// AUTH, NOTADB.
    const OUTAGES: [i32; 13] = [3, 5, 6, 7, 8, 9, 10, 13, 14, 15, 17, 23, 26];
    /// IOERR_READ and IOERR_SHORT_READ: one page may be unreadable, and others not.
    const BAD_PAGES: [i32; 2] = [266, 522];
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    let code = code.unwrap_or_default();
    if !matches!(error.kind(), ErrorKind::Other) || REFUSALS.contains(&(code & 0xff)) {
        WriteError::Refused(reason)
    } else if OUTAGES.contains(&(code & 0xff)) && !BAD_PAGES.contains(&code) {
        WriteError::Outage(reason)
    } else {
        WriteError::Unclear(reason)
    }
}
