//! What people can tell apart when nothing was made.

use crate::browser::completion::{FailureCode, FailureKind};

/// What a person can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Cause {
    SignIn,
    Network,
    CutOff,
    Policy,
    /// The accounts' limits.
    Busy,
    /// This server's limits.
    Crowded,
    Accounts,
    Unreachable,
    Upstream,
    Timeout,
    TooLarge,
    Store,
    Server,
}

/// What it is that went wrong.
pub(in crate::pages) fn cause(kind: FailureKind, code: FailureCode) -> Cause {
    match kind {
        FailureKind::SignIn => return Cause::SignIn,
        FailureKind::Network => return Cause::Network,
        FailureKind::CutOff => return Cause::CutOff,
        FailureKind::Busy | FailureKind::Server => {}
    }
    match code {
        FailureCode::ContentPolicyViolation => Cause::Policy,
        FailureCode::RateLimitExceeded => Cause::Busy,
        FailureCode::AtCapacity | FailureCode::ServerBusy | FailureCode::ShuttingDown => {
            Cause::Crowded
        }
        FailureCode::NoAccountAvailable
        | FailureCode::NoUsableAccount
        | FailureCode::UpstreamUnauthorized
        | FailureCode::UpstreamAccountBlocked => Cause::Accounts,
        FailureCode::UpstreamUnreachable | FailureCode::UpstreamClearance => Cause::Unreachable,
        FailureCode::UpstreamError
        | FailureCode::UpstreamUnavailable
        | FailureCode::UpstreamInterrupted
        | FailureCode::EmptyAnswer => Cause::Upstream,
        FailureCode::StreamFirstTimeout
        | FailureCode::StreamIdleTimeout
        | FailureCode::StreamTotalTimeout => Cause::Timeout,
        FailureCode::RequestTooLarge | FailureCode::AnswerTooLarge => Cause::TooLarge,
        FailureCode::StoreUnavailable => Cause::Store,
        FailureCode::Other if kind == FailureKind::Busy => Cause::Crowded,
        FailureCode::ModelNotFound | FailureCode::Other => Cause::Server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_an_answer_ended_comes_before_its_code() {
        let code = FailureCode::ContentPolicyViolation;
        assert_eq!(cause(FailureKind::Server, code), Cause::Policy);
        assert_eq!(cause(FailureKind::SignIn, code), Cause::SignIn);
        assert_eq!(cause(FailureKind::Busy, FailureCode::Other), Cause::Crowded);
        assert_eq!(
            cause(FailureKind::Server, FailureCode::Other),
            Cause::Server
        );
    }
}
