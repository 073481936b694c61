//! What Redis's failures mean for the store.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::{StoreError, writer::WriteError};

/// A read, or a write outside the writer, failed.
pub(super) fn failed(error: RedisError) -> StoreError {
    StoreError::Database(Box::new(error))
}

/// What was read is not what we wrote.
pub(super) fn unreadable(what: &str, id: &str) -> StoreError {
    StoreError::Database(format!("{what} `{id}` is stored in a form that cannot be read").into())
}

/// Connecting failed: nothing in the batch can be the reason.
pub(super) fn outage(error: &RedisError) -> WriteError {
    WriteError::Outage(error.to_string())
}

/// The call that applies a batch failed. The server looks for what hinders it (memory, file,
/// replica) before it begins with a script.
pub(super) fn classify(error: &RedisError) -> WriteError {
    let reason = error.to_string();
    match error.kind() {
        // Also when no answer came in time.
        ErrorKind::Io => WriteError::Lost(reason),
        ErrorKind::AuthenticationFailed => WriteError::Outage(reason),
        _ if is_missing_right(error) => WriteError::Outage(reason),
        ErrorKind::Server(kind) if is_outage(kind) => WriteError::Outage(reason),
        ErrorKind::Extension if error.code().is_some_and(is_outage_code) => {
            WriteError::Outage(reason)
        }
        _ => WriteError::Unclear(reason),
    }
}

fn is_outage(kind: ServerErrorKind) -> bool {
    matches!(
        kind,
        ServerErrorKind::BusyLoading
            | ServerErrorKind::ReadOnly
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::TryAgain
            | ServerErrorKind::Moved
    )
}

/// Memory full, a script of somebody else that does not end, a file that cannot be written, too few
/// replicas, a login that is no longer valid.
fn is_outage_code(code: &str) -> bool {
    const CODES: [&str; 7] = [
        "OOM",
        "BUSY",
        "MISCONF",
        "NOREPLICAS",
        "NOAUTH",
        "WRONGPASS",
        "UNKILLABLE",
    ];
    CODES.contains(&code)
}

/// Also of a command in a script, which servers tell in words of their own.
pub(super) fn is_missing_right(error: &RedisError) -> bool {
    const WORDS: [&str; 3] = [
        "The user executing the script can't",
        "ACL failure in script",
        "has no permissions",
    ];
    let text = error.to_string();
    error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm)
        || WORDS.iter().any(|words| text.contains(words))
}
