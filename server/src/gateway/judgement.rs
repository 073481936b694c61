//! What the end of a call says: of its host, of repeating it, and of the pause before that.

use grok::{Class, UpstreamError};
use pool::AccountProxy;

use super::{backoff::Cause, breakers::Verdict};

/// Which way a call took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The one that accounts share.
    Shared,
    /// A proxy that the account has for itself.
    OwnProxy,
}

impl Way {
    pub(super) fn of(proxy: Option<&AccountProxy>) -> Self {
        proxy.map_or(Self::Shared, |_| Self::OwnProxy)
    }
}

/// As [`verdict`]: without an answer, an account's own proxy is as likely at fault as the host.
pub(super) fn verdict_by_way(error: &UpstreamError, way: Way) -> Verdict {
    match error {
        UpstreamError::Connect { .. } | UpstreamError::Timeout | UpstreamError::Cut { .. }
            if way == Way::OwnProxy =>
        {
            Verdict::Unknown
        }
        error => verdict(error),
    }
}

/// What the end of a call says of its host. What is wrong with the account's own way there, or with
/// this server, says nothing.
pub(super) fn verdict(error: &UpstreamError) -> Verdict {
    match (error, error.class()) {
        (_, Class::Clearance) => Verdict::Walled(error.label()),
        (UpstreamError::Refused { .. }, Class::Retryable)
        | (UpstreamError::Connect { .. } | UpstreamError::Timeout | UpstreamError::Cut { .. }, _) => {
            Verdict::Failed(error.label())
        }
        (UpstreamError::Refused { .. } | UpstreamError::InBand { .. }, _) => Verdict::Passed,
        _ => Verdict::Unknown,
    }
}

/// Whether a call may be repeated on the same account: its status is one of `statuses`, and it is no
/// decision of the upstream's (`upstream-protocol.md` 1.9).
pub(super) fn may_repeat(error: &UpstreamError, statuses: &[u16]) -> bool {
    let Some(status) = error.status().filter(|status| statuses.contains(status)) else {
        return false;
    };
    match error.class() {
        Class::Moderated | Class::Blocked => false,
        Class::Fatal => status != 403,
        Class::RateLimited | Class::Unauthorized | Class::Clearance | Class::Retryable => true,
    }
}

pub(super) fn cause(error: &UpstreamError) -> Cause {
    Cause {
        is_rate_limit: error.class() == Class::RateLimited,
        retry_after: error.retry_after(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::{error::Deadline, failure::Failure};

    fn refused(status: u16, class: Class) -> UpstreamError {
        UpstreamError::Refused {
            status,
            class,
            retry_after: None,
            message: String::new(),
        }
    }

    #[test]
    fn decisions_are_not_repeated_and_what_is_not_listed_neither() {
        let listed = [401, 403, 404, 429, 503];
        for (status, class, repeats) in [
            (401, Class::Unauthorized, true),
            (403, Class::Clearance, true),
            (403, Class::Fatal, false),
            (403, Class::Blocked, false),
            (404, Class::Fatal, true),
            (429, Class::RateLimited, true),
            (429, Class::Moderated, false),
            (503, Class::Retryable, true),
            (502, Class::Retryable, false),
        ] {
            let error = refused(status, class);
            assert_eq!(may_repeat(&error, &listed), repeats, "{error:?}");
            let failure = Failure::from(error);
            let without_429 = repeats && status != 429;
            assert_eq!(failure.may_repeat(&listed, false), without_429);
        }
        assert!(!may_repeat(&UpstreamError::Timeout, &listed));
    }

    #[test]
    fn only_a_host_that_fails_or_walls_is_judged() {
        let reason = || "reset".to_owned();
        for (error, expected) in [
            (refused(403, Class::Clearance), Verdict::Walled("clearance")),
            (
                refused(503, Class::Retryable),
                Verdict::Failed("upstream_unavailable"),
            ),
            (
                UpstreamError::Connect { reason: reason() },
                Verdict::Failed("connect"),
            ),
            (
                UpstreamError::Cut { reason: reason() },
                Verdict::Failed("cut"),
            ),
            (UpstreamError::Timeout, Verdict::Failed("timeout")),
            (refused(400, Class::Fatal), Verdict::Passed),
            (refused(404, Class::Fatal), Verdict::Passed),
            (refused(403, Class::Fatal), Verdict::Passed),
            (refused(400, Class::Moderated), Verdict::Passed),
            (refused(429, Class::RateLimited), Verdict::Passed),
            (refused(401, Class::Unauthorized), Verdict::Passed),
            (UpstreamError::NoDescriptor, Verdict::Unknown),
            (UpstreamError::NoProxy, Verdict::Unknown),
            (UpstreamError::Proxy { reason: reason() }, Verdict::Unknown),
            (UpstreamError::UnsendableCredential, Verdict::Unknown),
        ] {
            assert_eq!(verdict(&error), expected, "{error:?}");
        }
        let late = |deadline| Failure::Deadline {
            section: "chat",
            deadline,
            after_secs: 1,
        };
        let total = late(Deadline::Total);
        assert_eq!(total.verdict(Way::Shared), Verdict::Unknown);
        let by_own_proxy = late(Deadline::FirstByte).verdict(Way::OwnProxy);
        assert_eq!(by_own_proxy, Verdict::Unknown);
    }

    #[test]
    fn an_accounts_own_proxy_that_does_not_answer_closes_the_host_for_nobody() {
        let timeout = UpstreamError::Timeout;
        assert_eq!(verdict_by_way(&timeout, Way::OwnProxy), Verdict::Unknown);
        assert_eq!(verdict_by_way(&timeout, Way::Shared), verdict(&timeout));
        let unavailable = refused(503, Class::Retryable);
        let by_own_proxy = verdict_by_way(&unavailable, Way::OwnProxy);
        assert_eq!(by_own_proxy, verdict(&unavailable));
    }
}
