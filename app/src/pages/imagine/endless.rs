//! Drawing until stopped: what comes after a failure. Pure.

use crate::browser::completion::{Failure, FailureCode, FailureKind};

/// Waits where the server names none, in seconds, one for each failure in a row; then it gives up.
const WAITS_SECS: [u64; 6] = [5, 10, 20, 40, 60, 60];
/// Longest wait that is worth an open page.
const MAX_WAIT_SECS: u64 = 15 * 60;

/// Seconds to wait before the next batch; `None`: stop, waiting mends nothing.
///
/// `failed_before` counts the failures since the last success.
pub(super) fn wait_after(failure: &Failure, failed_before: usize) -> Option<u64> {
    let usual = WAITS_SECS.get(failed_before).copied();
    let named = failure.retry_after_secs.filter(|&secs| secs > 0);
    match failure.kind {
        FailureKind::SignIn => return None,
        FailureKind::Network | FailureKind::CutOff => return usual,
        FailureKind::Busy | FailureKind::Server => {}
    }
    let wait = match failure.code {
        FailureCode::RateLimitExceeded
        | FailureCode::AtCapacity
        | FailureCode::ServerBusy
        | FailureCode::UpstreamUnavailable => named.or(usual),
        FailureCode::UpstreamInterrupted
        | FailureCode::UpstreamUnreachable
        | FailureCode::StreamFirstTimeout
        | FailureCode::StreamIdleTimeout
        | FailureCode::StreamTotalTimeout => usual,
        FailureCode::Other if failure.kind == FailureKind::Busy => named.or(usual),
        _ => None,
    };
    wait.filter(|&secs| secs <= MAX_WAIT_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: FailureKind, code: FailureCode, retry_after_secs: Option<u64>) -> Failure {
        Failure {
            kind,
            code,
            retry_after_secs,
            ..Failure::default()
        }
    }

    #[test]
    fn full_accounts_are_waited_for_as_long_as_the_server_says() {
        let busy = |secs| failure(FailureKind::Busy, FailureCode::RateLimitExceeded, secs);
        assert_eq!(wait_after(&busy(Some(90)), 0), Some(90));
        assert_eq!(wait_after(&busy(None), 1), Some(10));
        assert_eq!(
            wait_after(&busy(Some(36_000)), 0),
            None,
            "hours are too long"
        );
    }

    #[test]
    fn broken_lines_are_tried_again_a_few_times() {
        let cut = failure(FailureKind::CutOff, FailureCode::Other, None);
        let waits: Vec<_> = (0..8).map(|before| wait_after(&cut, before)).collect();
        assert_eq!(waits[0], Some(5));
        assert_eq!(waits[6..], [None, None]);
    }

    #[test]
    fn nothing_is_asked_again_that_waiting_does_not_mend() {
        for (kind, code) in [
            (FailureKind::SignIn, FailureCode::Other),
            (FailureKind::Server, FailureCode::ContentPolicyViolation),
            (FailureKind::Busy, FailureCode::NoUsableAccount),
            (FailureKind::Busy, FailureCode::NoAccountAvailable),
            (FailureKind::Server, FailureCode::Other),
            (FailureKind::Busy, FailureCode::StoreUnavailable),
        ] {
            let failure = failure(kind, code, Some(5));
            assert_eq!(wait_after(&failure, 0), None, "{failure:?}");
        }
    }
}
