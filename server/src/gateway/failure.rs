//! Why an attempt failed, and what that means for the account, the next attempt and the caller.

use std::time::Duration;

use grok::{Class, UpstreamError};
use pool::Outcome;

use super::{
    backoff::Cause,
    breakers::Verdict,
    error::{Deadline, ErrorKind, GatewayError},
    judgement::{Way, cause, may_repeat, verdict_by_way},
};

/// Wait that callers are told when the upstream's 429 names none.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(60);

/// One failed attempt.
#[derive(Debug)]
pub enum Failure {
    Upstream(UpstreamError),
    Deadline {
        /// Section of the configuration that sets it.
        section: &'static str,
        deadline: Deadline,
        after_secs: u64,
    },
    /// The answer ended well but said nothing.
    Empty,
    /// The upstream no longer has the conversation that a follow-up named.
    LostConversation,
    /// The answer is larger than `chat.max_answer_mb`.
    TooLarge {
        limit_mb: u64,
    },
    /// What came is no picture.
    NotAPicture,
    /// What came is no video.
    NotAVideo,
    /// The process ended while something was made for which the upstream cannot be asked again.
    Interrupted,
    /// Something of this server's own, which is no account's fault.
    Ours(GatewayError),
    /// Too many uploads were under way.
    UploadsBusy,
    /// The upstream moderated the answer while it was being written.
    Moderated,
    /// The answer is not the JSON that was asked for, also when asked once more. Why, in a sentence.
    Misfit(String),
}

impl From<UpstreamError> for Failure {
    fn from(error: UpstreamError) -> Self {
        Self::Upstream(error)
    }
}

impl Failure {
    /// Another account may do better, provided that the caller has seen nothing yet.
    #[must_use]
    pub fn is_worth_another_account(&self) -> bool {
        match self {
            Self::Upstream(error) => !matches!(error.class(), Class::Moderated | Class::Fatal),
            Self::Deadline { deadline, .. } => *deadline != Deadline::Total,
            Self::Empty | Self::LostConversation | Self::NotAPicture => true,
            Self::TooLarge { .. }
            | Self::NotAVideo
            | Self::Interrupted
            | Self::Ours(_)
            | Self::UploadsBusy
            | Self::Moderated
            | Self::Misfit(_) => false,
        }
    }

    /// What the pool learns about the account (`upstream-protocol.md` 1.10).
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Upstream(error) => match error.class() {
                Class::RateLimited => Outcome::RateLimited,
                Class::Unauthorized => Outcome::Unauthorized {
                    reason: "app_chat_auth_failed",
                },
                Class::Blocked => Outcome::Blocked {
                    reason: "account_blocked",
                },
                Class::Retryable => Outcome::UpstreamFailure {
                    reason: error.label(),
                },
                Class::Clearance => Outcome::Walled,
                Class::Moderated | Class::Fatal => Outcome::Unharmed,
            },
            Self::Deadline {
                deadline: Deadline::Total,
                ..
            }
            | Self::LostConversation
            | Self::TooLarge { .. }
            | Self::Interrupted
            | Self::Ours(_)
            | Self::UploadsBusy
            | Self::Moderated
            | Self::Misfit(_) => Outcome::Unharmed,
            Self::Deadline { .. } => Outcome::UpstreamFailure { reason: "timeout" },
            Self::Empty => Outcome::UpstreamFailure {
                reason: "empty_answer",
            },
            Self::NotAPicture => Outcome::UpstreamFailure {
                reason: "not_a_picture",
            },
            Self::NotAVideo => Outcome::UpstreamFailure {
                reason: "not_a_video",
            },
        }
    }

    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        matches!(self, Self::Upstream(error) if error.class() == Class::RateLimited)
    }

    /// The upstream's bot protection refused, whatever the account.
    #[must_use]
    pub fn is_clearance(&self) -> bool {
        matches!(self, Self::Upstream(error) if error.class() == Class::Clearance)
    }

    /// The upstream refused what was asked, not the account: a file that it no longer has is told so.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let is_refused = |error: &UpstreamError| {
            error.class() == Class::Fatal && matches!(error, UpstreamError::Refused { .. })
        };
        matches!(self, Self::Upstream(error) if is_refused(error))
    }

    /// What it says of the upstream's host.
    pub(super) fn verdict(&self, way: Way) -> Verdict {
        match self {
            Self::Upstream(error) => verdict_by_way(error, way),
            Self::Deadline {
                deadline: Deadline::FirstByte,
                ..
            } if way == Way::Shared => Verdict::Failed(self.label()),
            Self::Empty
            | Self::LostConversation
            | Self::Moderated
            | Self::Misfit(_)
            | Self::NotAPicture
            | Self::NotAVideo
            | Self::TooLarge { .. } => Verdict::Passed,
            Self::Deadline { .. } | Self::Interrupted | Self::Ours(_) | Self::UploadsBusy => {
                Verdict::Unknown
            }
        }
    }

    /// Whether the same account may be asked again, see [`may_repeat`].
    pub(super) fn may_repeat(&self, statuses: &[u16], repeats_rate_limits: bool) -> bool {
        matches!(self, Self::Upstream(error) if may_repeat(error, statuses))
            && (repeats_rate_limits || !self.is_rate_limit())
    }

    /// What decides the pause before the next try.
    pub(super) fn cause(&self) -> Cause {
        match self {
            Self::Upstream(error) => cause(error),
            _ => Cause::default(),
        }
    }

    /// The upstream is in trouble: asking again at once would add to it.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::Upstream(error) if error.class() == Class::Retryable
                && !matches!(error, UpstreamError::Proxy { .. })
        )
    }

    /// HTTP status of the upstream's refusal, if it was one.
    #[must_use]
    pub fn upstream_status(&self) -> Option<u16> {
        match self {
            Self::Upstream(error) => error.status(),
            _ => None,
        }
    }

    /// A word for logs and records, from a closed set.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Upstream(error) => error.label(),
            Self::Deadline {
                deadline: Deadline::FirstByte,
                ..
            } => "first_byte_timeout",
            Self::Deadline {
                deadline: Deadline::Idle,
                ..
            } => "idle_timeout",
            Self::Deadline {
                deadline: Deadline::Total,
                ..
            } => "total_timeout",
            Self::Empty => "empty_answer",
            Self::LostConversation => "lost_conversation",
            Self::TooLarge { .. } => "answer_too_large",
            Self::Ours(error) => error.code(),
            Self::UploadsBusy => "uploads_busy",
            Self::Moderated => "moderated",
            Self::Misfit(_) => "invalid_output",
            Self::NotAPicture => "not_a_picture",
            Self::NotAVideo => "not_a_video",
            Self::Interrupted => "interrupted",
        }
    }

    /// What the caller is told when no further account is tried. `tried` counts this one too.
    #[must_use]
    pub fn into_error(self, tried: usize) -> GatewayError {
        let status = self.upstream_status();
        let error = match self {
            Self::Deadline {
                section,
                deadline,
                after_secs,
            } => GatewayError::timeout(section, deadline, after_secs),
            Self::Empty => GatewayError::new(
                ErrorKind::Upstream("empty_answer"),
                "Grok ended the answer without saying anything.",
            ),
            Self::LostConversation => GatewayError::new(
                ErrorKind::Upstream("upstream_error"),
                "Grok no longer has this conversation.",
            ),
            Self::TooLarge { limit_mb } => GatewayError::answer_too_large(limit_mb),
            Self::Ours(error) => error,
            Self::UploadsBusy => GatewayError::uploads_busy(),
            Self::Moderated => GatewayError::content_policy(),
            Self::Misfit(why) => GatewayError::invalid_output(&why),
            Self::NotAPicture => GatewayError::new(
                ErrorKind::Upstream("upstream_error"),
                "Grok sent something else than a picture. Try again.",
            ),
            Self::NotAVideo => GatewayError::new(
                ErrorKind::Upstream("upstream_error"),
                "Grok sent something else than a video. Try again.",
            ),
            Self::Interrupted => GatewayError::interrupted(),
            Self::Upstream(error) => upstream_error(&error, tried),
        };
        GatewayError {
            upstream_status: status,
            ..error
        }
    }
}

fn upstream_error(error: &UpstreamError, tried: usize) -> GatewayError {
    if matches!(error, UpstreamError::NoDescriptor) {
        tracing::error!("no file descriptor is left for a connection to the upstream");
        return GatewayError::no_descriptor();
    }
    let upstream = |code, message: &str| GatewayError::new(ErrorKind::Upstream(code), message);
    match error.class() {
        Class::Moderated => GatewayError::content_policy(),
        Class::RateLimited => {
            let detail = error.message();
            let message = if tried > 1 {
                format!(
                    "Grok refused the request on {tried} accounts, the last for its rate limit: {detail}."
                )
            } else {
                format!("Grok refused the request for the account's rate limit: {detail}.")
            };
            GatewayError::new(ErrorKind::RateLimited, message)
                .retry_after(error.retry_after().unwrap_or(RATE_LIMIT_WAIT))
        }
        Class::Clearance => GatewayError::clearance(),
        Class::Unauthorized => upstream(
            "upstream_unauthorized",
            "Grok refused the account's sign-in (401). Replace its cookie in the admin page.",
        ),
        Class::Blocked => upstream("upstream_account_blocked", "Grok has blocked the account."),
        Class::Retryable | Class::Fatal => {
            tracing::info!(detail = error.message(), "the upstream failed");
            upstream(code(error), &in_words(error))
        }
    }
}

/// What callers can tell apart by program: who has to do something about it differs.
fn code(error: &UpstreamError) -> &'static str {
    match error {
        UpstreamError::Connect { .. } | UpstreamError::NoProxy | UpstreamError::Proxy { .. } => {
            "upstream_unreachable"
        }
        UpstreamError::Cut { .. } => "upstream_interrupted",
        UpstreamError::Refused { status, .. } if *status >= 500 => "upstream_unavailable",
        _ => "upstream_error",
    }
}

/// What happened and what to do; what the system said of it is in the log.
fn in_words(error: &UpstreamError) -> String {
    match error {
        // Nothing is wrong with Grok; callers get an error of its own before.
        UpstreamError::NoDescriptor => GatewayError::no_descriptor().message,
        UpstreamError::Connect { .. } => {
            "Grok cannot be reached from this server. Check its network, and `proxy` in config.toml."
                .to_owned()
        }
        UpstreamError::Proxy { .. } => {
            "The account's own proxy cannot be used. Check it in the admin page.".to_owned()
        }
        UpstreamError::NoProxy => "Grok cannot be reached: the list at `proxy.pool_url` has no proxy \
                                   that can be used."
            .to_owned(),
        UpstreamError::Timeout => "Grok did not answer in time. Try again.".to_owned(),
        UpstreamError::Cut { .. } => {
            "The connection to Grok broke before the answer was complete. Try again.".to_owned()
        }
        UpstreamError::Refused { status, .. } if *status >= 500 => {
            format!("Grok has trouble of its own (status {status}). Try again in a moment.")
        }
        UpstreamError::Refused {
            status, message, ..
        } => format!("Grok refused the request (status {status}): {message}"),
        UpstreamError::InBand { message, .. } => format!("Grok broke off with an error: {message}"),
        UpstreamError::TooLarge { .. } | UpstreamError::Malformed { .. } => {
            "Grok sent something that this server does not understand. A newer version may."
                .to_owned()
        }
        UpstreamError::UnsendableCredential => {
            "The account's cookie cannot be sent. Replace it in the admin page.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_told_in_words_what_the_system_says_in_its_own() {
        let reason = || "Connection reset by peer (os error 104)".to_owned();
        for (error, code) in [
            (
                UpstreamError::Connect { reason: reason() },
                "upstream_unreachable",
            ),
            (
                UpstreamError::Cut { reason: reason() },
                "upstream_interrupted",
            ),
            (
                UpstreamError::Proxy { reason: reason() },
                "upstream_unreachable",
            ),
            (UpstreamError::NoProxy, "upstream_unreachable"),
            (UpstreamError::Timeout, "upstream_error"),
            (
                UpstreamError::Malformed { what: "no ids" },
                "upstream_error",
            ),
            (UpstreamError::TooLarge { limit_bytes: 1 }, "upstream_error"),
        ] {
            let told = Failure::from(error).into_error(1);
            assert_eq!(told.code(), code);
            assert!(told.message.ends_with('.'), "{}", told.message);
            for machine in ["os error", "reset", "upstream", "bytes", "ids"] {
                assert!(!told.message.contains(machine), "{}", told.message);
            }
        }
    }
}
