//! Why an attempt failed, and what that means for the account, the next attempt and the caller.

use grok::{Class, UpstreamError};
use pool::Outcome;

use crate::http::error::{ApiError, Deadline};

/// One failed attempt.
#[derive(Debug)]
pub enum Failure {
    Upstream(UpstreamError),
    Deadline {
        deadline: Deadline,
        after_secs: u64,
    },
    /// The stream ended well but said nothing.
    Empty,
    /// The upstream no longer has the conversation that a follow-up named.
    LostConversation,
    /// Not the upstream's fault: a bad attachment, a full store.
    Request(ApiError),
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
            Self::Upstream(error) => !matches!(error.class(), Class::Moderated | Class::GiveUp),
            Self::Deadline { deadline, .. } => *deadline != Deadline::Total,
            Self::Empty | Self::LostConversation => true,
            Self::Request(_) => false,
        }
    }

    /// What the pool learns about the account (`upstream-protocol.md` 1.10).
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Upstream(error) => match error.class() {
                Class::Cool => Outcome::RateLimited,
                Class::Unauthorized => Outcome::Unauthorized {
                    reason: "app_chat_auth_failed",
                },
                Class::Blocked => Outcome::Blocked {
                    reason: "account_blocked",
                },
                Class::TryAnother => Outcome::UpstreamFailure {
                    reason: error.label(),
                },
                Class::Clearance | Class::Moderated | Class::GiveUp => Outcome::Unharmed,
            },
            Self::Deadline {
                deadline: Deadline::Total,
                ..
            }
            | Self::LostConversation
            | Self::Request(_) => Outcome::Unharmed,
            Self::Deadline { .. } => Outcome::UpstreamFailure { reason: "timeout" },
            Self::Empty => Outcome::UpstreamFailure {
                reason: "empty_answer",
            },
        }
    }

    #[must_use]
    pub fn is_rate_limit(&self) -> bool {
        matches!(self, Self::Upstream(error) if error.class() == Class::Cool)
    }

    /// Short label for logs.
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
            Self::Request(_) => "request",
        }
    }

    /// What the caller is told when no further account is tried.
    #[must_use]
    pub fn into_api_error(self, tried: usize) -> ApiError {
        match self {
            Self::Request(error) => error,
            Self::Deadline {
                deadline,
                after_secs,
            } => ApiError::UpstreamTimeout {
                deadline,
                after_secs,
            },
            Self::Empty => ApiError::Upstream {
                message: "Grok ended the answer without saying anything.".to_owned(),
                code: "empty_answer",
            },
            Self::LostConversation => ApiError::Upstream {
                message: "Grok no longer has this conversation.".to_owned(),
                code: "upstream_error",
            },
            Self::Upstream(error) => upstream_error(&error, tried),
        }
    }
}

fn upstream_error(error: &UpstreamError, tried: usize) -> ApiError {
    let upstream = |message: String, code| ApiError::Upstream { message, code };
    match error.class() {
        Class::Moderated => ApiError::ContentPolicy,
        Class::Cool => ApiError::UpstreamRateLimited {
            tried,
            detail: error.message().to_string(),
            retry_after_secs: error.retry_after().map_or(60, |wait| wait.as_secs().max(1)),
        },
        Class::Clearance => upstream(
            "Grok's bot protection refused the request. Set `proxy.cf_clearance` and \
             `proxy.user_agent` from one browser on the same IP address."
                .to_owned(),
            "upstream_clearance",
        ),
        Class::Unauthorized => upstream(
            "Grok refused the account's sign-in (401). Replace its cookie in the admin page."
                .to_owned(),
            "upstream_error",
        ),
        Class::Blocked => upstream(
            "Grok has blocked the account.".to_owned(),
            "upstream_account_blocked",
        ),
        Class::TryAnother | Class::GiveUp => {
            upstream(error.message().to_string(), "upstream_error")
        }
    }
}
