//! What can go wrong with the upstream, decided once.

use std::error::Error;
use std::time::Duration;

/// Longest text that [`UpstreamError::message`] passes on.
const MAX_MESSAGE_CHARS: usize = 300;

/// What a failure means for the account and for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Transient: 408, 5xx, timeouts, resets, a cut stream.
    Retryable,
    /// 429, gRPC code 8 or a usage-limit text: the account has to cool down.
    RateLimited,
    /// 401: the credential was not accepted.
    Unauthorized,
    /// The provider blocked the user behind the account.
    Blocked,
    /// A browser challenge or an anti-bot rule; the account is not at fault.
    Clearance,
    /// The content was moderated, whatever the status. Never repeated, on no account.
    Moderated,
    /// Every other refusal, every violation of the protocol, and what this side lacks.
    Fatal,
}

/// A failed call. Variants are facts; [`UpstreamError::class`] says what follows from them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// An HTTP status other than 200, or what a gRPC status stands for.
    #[error("the upstream answered {status}: {message}")]
    Refused {
        status: u16,
        class: Class,
        /// The `Retry-After` header, when it holds seconds.
        retry_after: Option<Duration>,
        message: String,
    },
    /// An error object inside an answer whose status was 200.
    #[error("the upstream reported an error: {message}")]
    InBand {
        class: Class,
        /// The gRPC-like code, when there was one.
        code: Option<i64>,
        message: String,
    },
    #[error("no connection to the upstream: {reason}")]
    Connect { reason: String },
    /// This process or this system has as many files open as it may; the upstream was not asked.
    #[error("no file descriptor is left for a connection to the upstream")]
    NoDescriptor,
    /// The account's own proxy cannot be used.
    #[error("the account's proxy: {reason}")]
    Proxy { reason: String },
    /// There is a list of proxies, and none in it.
    #[error("the list of proxies has none")]
    NoProxy,
    #[error("the upstream did not answer in time")]
    Timeout,
    /// The connection broke, or the body ended inside an object or before the answer did.
    #[error("the upstream cut the answer: {reason}")]
    Cut { reason: String },
    #[error("the upstream sent more than {limit_bytes} bytes in one piece")]
    TooLarge { limit_bytes: usize },
    /// A 200 answer that is not what the call promises.
    #[error("unexpected upstream answer: {what}")]
    Malformed { what: &'static str },
    /// The credential holds bytes that no header may carry.
    #[error("the credential cannot be sent")]
    UnsendableCredential,
}

impl UpstreamError {
    /// What to do about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Refused { class, .. } | Self::InBand { class, .. } => *class,
            Self::Connect { .. } | Self::Proxy { .. } | Self::Timeout | Self::Cut { .. } => {
                Class::Retryable
            }
            Self::TooLarge { .. } | Self::Malformed { .. } | Self::NoDescriptor | Self::NoProxy => {
                Class::Fatal
            }
            Self::UnsendableCredential => Class::Unauthorized,
        }
    }

    /// The HTTP status, when there was an answer with one other than 200, or with a gRPC status that
    /// stands for one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// How long the upstream asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// A short text for people: one line, at most a few hundred characters, no cookie or credential.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// A word for metrics and for an account's last failure; from a closed set.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match (self, self.class()) {
            (_, Class::RateLimited) => "rate_limited",
            (_, Class::Unauthorized) => "unauthorized",
            (_, Class::Blocked) => "user_blocked",
            (_, Class::Clearance) => "clearance",
            (_, Class::Moderated) => "moderated",
            (Self::Refused { .. }, Class::Retryable) => "upstream_unavailable",
            (Self::Refused { .. }, _) => "refused",
            (Self::InBand { .. }, _) => "in_band",
            (Self::Connect { .. }, _) => "connect",
            (Self::Proxy { .. }, _) => "account_proxy",
            (Self::NoProxy, _) => "no_proxy",
            (Self::NoDescriptor, _) => "no_descriptor",
            (Self::Timeout, _) => "timeout",
            (Self::Cut { .. }, _) => "cut",
            (Self::TooLarge { .. }, _) => "too_large",
            (Self::Malformed { .. }, _) => "malformed",
            (Self::UnsendableCredential, _) => "unauthorized",
        }
    }

    /// There is no connection.
    pub(crate) fn connect(error: &(dyn Error + 'static)) -> Self {
        if lacks_descriptor(error) {
            return Self::NoDescriptor;
        }
        Self::Connect {
            reason: root_cause(error),
        }
    }

    /// The connection broke.
    pub(crate) fn cut(error: &(dyn Error + 'static)) -> Self {
        Self::Cut {
            reason: root_cause(error),
        }
    }
}

/// The process (EMFILE) or the system (ENFILE) has no file descriptor left.
fn lacks_descriptor(error: &(dyn Error + 'static)) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if let Some(ENFILE | EMFILE) = io.and_then(std::io::Error::raw_os_error) {
            return true;
        }
        // Of the error in it, `source` tells the source only.
        let inner = io.and_then(std::io::Error::get_ref);
        cause = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

/// The innermost reason ("Connection refused"); the outer ones repeat it or the address.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    safe_text(&cause.to_string(), &[])
}

/// Makes a foreign text fit for logs and answers: one line, short, without `secrets` and without
/// anything that looks like a signed token.
pub(crate) fn safe_text(text: &str, secrets: &[&str]) -> String {
    let mut hidden = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        hidden = hidden.replace(secret, "…");
    }
    let words = hidden
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| if looks_like_token(word) { "…" } else { word });
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > MAX_MESSAGE_CHARS * 4 {
            break;
        }
    }
    match line.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// JSON Web Tokens begin with `eyJ`, the base64 of `{"`.
fn looks_like_token(word: &str) -> bool {
    word.find("eyJ").is_some_and(|at| word.len() - at > 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_lose_secrets_tokens_control_characters_and_length() {
        let text =
            "bad cookie sso=topsecret1\r\n\tor eyJhbGciOiJIUzI1NiJ9.eyJzZXNzaW9uIn0.c2ln end";
        assert_eq!(
            safe_text(text, &["topsecret1"]),
            "bad cookie sso=… or … end"
        );
        let word = |len: usize| format!("a=eyJ{}", "x".repeat(len - 3));
        assert_eq!(safe_text(&word(20), &[]), word(20), "too short for a token");
        assert_eq!(safe_text(&word(21), &[]), "…");
        assert_eq!(
            safe_text("abcd abc", &["abcd", "abc"]),
            "… abc",
            "no short secrets"
        );
        let most = "é".repeat(MAX_MESSAGE_CHARS);
        assert_eq!(safe_text(&most, &[]), most);
        let long = safe_text(&"é ".repeat(1000), &[]);
        assert_eq!(long.chars().count(), MAX_MESSAGE_CHARS + 1);
        let long = safe_text(&"é".repeat(1000), &[]);
        assert_eq!(long.chars().count(), MAX_MESSAGE_CHARS + 1);
    }

    #[test]
    fn a_lack_of_descriptors_is_nothing_that_the_upstream_did() {
        for (code, label) in [
            (23, "no_descriptor"),
            (24, "no_descriptor"),
            (111, "connect"),
        ] {
            let system = std::io::Error::from_raw_os_error(code);
            assert_eq!(UpstreamError::connect(&system).label(), label);
            let wrapped = std::io::Error::other(system);
            assert_eq!(UpstreamError::connect(&wrapped).label(), label);
        }
    }

    fn refused(class: Class) -> UpstreamError {
        UpstreamError::Refused {
            status: 418,
            class,
            retry_after: Some(Duration::from_secs(7)),
            message: "why".to_owned(),
        }
    }

    fn in_band(class: Class) -> UpstreamError {
        UpstreamError::InBand {
            class,
            code: Some(8),
            message: "why".to_owned(),
        }
    }

    #[test]
    fn each_failure_has_its_class_and_label() {
        let reason = || "why".to_owned();
        for (error, class, label) in [
            (
                refused(Class::Retryable),
                Class::Retryable,
                "upstream_unavailable",
            ),
            (
                refused(Class::RateLimited),
                Class::RateLimited,
                "rate_limited",
            ),
            (
                refused(Class::Unauthorized),
                Class::Unauthorized,
                "unauthorized",
            ),
            (refused(Class::Blocked), Class::Blocked, "user_blocked"),
            (refused(Class::Clearance), Class::Clearance, "clearance"),
            (refused(Class::Moderated), Class::Moderated, "moderated"),
            (refused(Class::Fatal), Class::Fatal, "refused"),
            (in_band(Class::Retryable), Class::Retryable, "in_band"),
            (
                in_band(Class::RateLimited),
                Class::RateLimited,
                "rate_limited",
            ),
            (
                UpstreamError::Connect { reason: reason() },
                Class::Retryable,
                "connect",
            ),
            (UpstreamError::Timeout, Class::Retryable, "timeout"),
            (UpstreamError::NoDescriptor, Class::Fatal, "no_descriptor"),
            (UpstreamError::NoProxy, Class::Fatal, "no_proxy"),
            (
                UpstreamError::Proxy { reason: reason() },
                Class::Retryable,
                "account_proxy",
            ),
            (
                UpstreamError::Cut { reason: reason() },
                Class::Retryable,
                "cut",
            ),
            (
                UpstreamError::TooLarge { limit_bytes: 1 },
                Class::Fatal,
                "too_large",
            ),
            (
                UpstreamError::Malformed { what: "x" },
                Class::Fatal,
                "malformed",
            ),
            (
                UpstreamError::UnsendableCredential,
                Class::Unauthorized,
                "unauthorized",
            ),
        ] {
            assert_eq!((error.class(), error.label()), (class, label), "{error:?}");
        }
    }

    #[test]
    fn only_a_refusal_has_a_status_and_a_time_to_wait() {
        let error = refused(Class::Fatal);
        let wait = Some(Duration::from_secs(7));
        assert_eq!((error.status(), error.retry_after()), (Some(418), wait));
        for error in [in_band(Class::RateLimited), UpstreamError::Timeout] {
            assert_eq!((error.status(), error.retry_after()), (None, None));
        }
    }
}
