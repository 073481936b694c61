//! Why the gateway could not answer: facts that every protocol needs, and no status code.

use std::time::Duration;

/// A request that ended without an answer, or an answer that broke off.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct GatewayError {
    pub kind: ErrorKind,
    /// A sentence for the caller that says what to do. No secret, no internal address.
    pub message: String,
    /// The field of the request that is at fault.
    pub param: Option<String>,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
    /// Accounts that were tried, in order.
    pub tried: Vec<Tried>,
    /// HTTP status with which the upstream refused the last of them.
    pub upstream_status: Option<u16>,
}

/// The closed set of what can go wrong. Its codes are part of the public API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request breaks a rule; the code says which.
    Invalid(&'static str),
    ModelNotFound,
    /// The caller has no file of that id.
    FileNotFound,
    /// The content of the caller's file is not at this server.
    FileElsewhere,
    /// The upstream moderated the request or the answer. Never retried elsewhere.
    ContentPolicy,
    /// Accounts exist, but none has room now.
    AccountsBusy,
    /// No account could serve this model however long the caller waits; one may serve another.
    NoAccounts,
    /// No account could serve any model: there is none, or all have expired or are switched off.
    NoUsableAccount,
    /// No account could open a voice room.
    NoVoiceToken,
    /// Every account that was tried was rate limited.
    RateLimited,
    /// The upstream, or a host that the request named, failed; the code says how.
    Upstream(&'static str),
    Timeout(Deadline),
    /// All slots are taken and enough callers wait already.
    AtCapacity,
    /// The answer's rows could not be made durable.
    StoreUnavailable,
    /// A generated file cannot be kept.
    MediaUnavailable,
    /// The process has as many files and connections open as the system lets it.
    NoDescriptor,
}

/// Which of the three upstream deadlines passed; each operation has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// `stream_first_timeout`: nothing arrived from the upstream.
    FirstByte,
    /// `stream_timeout`: the upstream went silent in the middle.
    Idle,
    /// `stream_total_timeout`: the whole answer took too long.
    Total,
}

/// One account that did not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Last four characters of its credential.
    pub account: String,
    /// From a closed set, see [`super::failure::Failure::label`].
    pub reason: &'static str,
}

impl GatewayError {
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            param: None,
            retry_after: None,
            tried: Vec::new(),
            upstream_status: None,
        }
    }

    /// A rule that the field `param` breaks.
    #[must_use]
    pub fn invalid(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        Self {
            param: Some(param.to_owned()),
            ..Self::new(ErrorKind::Invalid(code), message)
        }
    }

    #[must_use]
    pub fn model_not_found(model: &str) -> Self {
        // From a caller: it must not write lines of its own into a log.
        let model: String = model
            .chars()
            .take(128)
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        let message = format!(
            "The model `{model}` does not exist. GET /v1/models lists the models of this server; \
             `aliases` in config.toml give them other names."
        );
        Self {
            param: Some("model".to_owned()),
            ..Self::new(ErrorKind::ModelNotFound, message)
        }
    }

    /// There is no such file, or it is somebody else's; `param` is the field that names it.
    #[must_use]
    pub fn file_not_found(param: &str) -> Self {
        let message = format!(
            "`{param}` names no file of yours that is here, or is here any longer. `GET /v1/files` \
             lists your files."
        );
        Self {
            param: Some(param.to_owned()),
            ..Self::new(ErrorKind::FileNotFound, message)
        }
    }

    /// The file is known, and its content is not here.
    #[must_use]
    pub fn file_elsewhere(param: &str) -> Self {
        let message = "The content of this file is not at this server: another instance keeps it, in a \
                       folder of its own, or it was lost. Upload the file once more.";
        Self {
            param: Some(param.to_owned()),
            ..Self::new(ErrorKind::FileElsewhere, message)
        }
    }

    #[must_use]
    pub fn content_policy() -> Self {
        let message = "The upstream declined this request for policy reasons.";
        Self::new(ErrorKind::ContentPolicy, message)
    }

    /// The answer is not the JSON that was asked for. `why` is a sentence.
    #[must_use]
    pub fn invalid_output(why: &str) -> Self {
        let message = format!("{why} Ask again, or for a simpler format.");
        Self::new(ErrorKind::Upstream("invalid_output"), message)
    }

    #[must_use]
    pub fn timeout(section: &str, deadline: Deadline, after_secs: u64) -> Self {
        let message = match deadline {
            Deadline::FirstByte => format!(
                "Grok sent nothing within {after_secs} s (`{section}.stream_first_timeout`)."
            ),
            Deadline::Idle => format!(
                "Grok went silent for {after_secs} s in the middle of the answer \
                 (`{section}.stream_timeout`)."
            ),
            Deadline::Total => format!(
                "The answer was not complete after {after_secs} s \
                 (`{section}.stream_total_timeout`)."
            ),
        };
        Self::new(ErrorKind::Timeout(deadline), message)
    }

    #[must_use]
    pub fn at_capacity(limit: usize, key: &str) -> Self {
        let message =
            format!("The server is at its limit of {limit} at once (`{key}`). Try again.");
        Self::new(ErrorKind::AtCapacity, message).retry_after(Duration::from_secs(1))
    }

    #[must_use]
    pub fn clearance() -> Self {
        let message = "Grok's bot protection refused the request. Set `proxy.cf_clearance` and \
                       `proxy.user_agent` from one browser on the same IP address.";
        Self::new(ErrorKind::Upstream("upstream_clearance"), message)
    }

    /// Grok has failed so often in a row that it is left alone for a while.
    #[must_use]
    pub fn upstream_pauses() -> Self {
        let message = "Grok fails or cannot be reached, again and again, so it is left alone for a \
                       while. Try again later.";
        Self::new(ErrorKind::Upstream("upstream_unavailable"), message)
    }

    #[must_use]
    pub fn answer_too_large(limit_mb: u64) -> Self {
        let message = format!(
            "Grok's answer is larger than {limit_mb} MiB (`chat.max_answer_mb`). Ask with `stream`."
        );
        Self::new(ErrorKind::Upstream("answer_too_large"), message)
    }

    #[must_use]
    pub fn uploads_busy() -> Self {
        let message =
            "Too many files are on their way to Grok (`asset.upload_concurrent`). Try again.";
        Self::new(ErrorKind::AtCapacity, message).retry_after(Duration::from_secs(5))
    }

    /// No memory is left for a caller's files.
    #[must_use]
    pub fn files_at_capacity() -> Self {
        let message = "The server holds as many images and files as it may \
                       (`chat.attachment_memory_mb`). Try again, or send smaller ones.";
        Self::new(ErrorKind::AtCapacity, message).retry_after(Duration::from_secs(5))
    }

    /// Nothing can be kept, and this is known before it is made.
    #[must_use]
    pub fn disk_full() -> Self {
        let message = "No picture can be kept: less than `cache.min_free_mb` is free on the disk of \
                       this server. Ask with `response_format` `b64_json`.";
        Self::new(ErrorKind::MediaUnavailable, message)
    }

    /// A generated file cannot be kept.
    #[must_use]
    pub fn media_unavailable() -> Self {
        let message = "The picture was made, but cannot be kept: the disk of this server is full, \
                       or its storage does not answer. Ask with `response_format` `b64_json`.";
        Self::new(ErrorKind::MediaUnavailable, message)
    }

    /// The same for a video; `why` is a sentence.
    #[must_use]
    pub fn video_not_kept(why: &str) -> Self {
        let message = format!("The video was made, but cannot be kept: {why}");
        Self::new(ErrorKind::Upstream("media_unavailable"), message)
    }

    /// The image that a video is to begin with cannot be kept until it is made.
    #[must_use]
    pub fn image_not_kept() -> Self {
        let message = "The image cannot be kept until the video is made: the disk of this server is \
                       full or refuses to be written. Nothing was asked for.";
        Self::new(ErrorKind::MediaUnavailable, message)
    }

    /// It was kept, and is not there any more.
    #[must_use]
    pub fn image_gone() -> Self {
        let message = "The image that the video was to begin with is not on this server any more. \
                       Ask for the video once more.";
        Self::new(ErrorKind::Upstream("image_gone"), message)
    }

    /// The process ended while something was made.
    #[must_use]
    pub fn interrupted() -> Self {
        let message = "The server was restarted while the video was made, and Grok cannot be asked \
                       for it again. Ask for it once more.";
        Self::new(ErrorKind::Upstream("interrupted"), message)
    }

    /// A mistake in this program ended the making of a video.
    #[must_use]
    pub fn video_panicked() -> Self {
        let message = "This server made a mistake while it made the video; its log says which. Ask \
                       for it once more.";
        Self::new(ErrorKind::Upstream("internal_error"), message)
    }

    /// Whoever asked, or somebody on its behalf, has taken it back.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Upstream("cancelled"), "The video was cancelled.")
    }

    #[must_use]
    pub fn store_unavailable() -> Self {
        let message = "Answers cannot be recorded because the store is not available. Try again.";
        Self::new(ErrorKind::StoreUnavailable, message).retry_after(Duration::from_secs(5))
    }

    #[must_use]
    pub fn no_descriptor() -> Self {
        let message = "This server has as many files and connections open as its system allows. \
                       Try again in a moment.";
        Self::new(ErrorKind::NoDescriptor, message).retry_after(Duration::from_secs(5))
    }

    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..self
        }
    }

    /// The tried accounts for a log line: `9f3c rate_limited, 0a1b timeout`.
    #[must_use]
    pub fn tried_text(&self) -> Option<String> {
        let texts = self.tried.iter();
        let texts: Vec<_> = texts
            .map(|tried| format!("{} {}", tried.account, tried.reason))
            .collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    }

    /// The stable code that callers and records see.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.kind {
            ErrorKind::Invalid(code) | ErrorKind::Upstream(code) => code,
            ErrorKind::ModelNotFound => "model_not_found",
            ErrorKind::FileNotFound => "file_not_found",
            ErrorKind::FileElsewhere => "file_elsewhere",
            ErrorKind::ContentPolicy => "content_policy_violation",
            ErrorKind::AccountsBusy | ErrorKind::RateLimited => "rate_limit_exceeded",
            ErrorKind::NoAccounts => "no_account_available",
            ErrorKind::NoUsableAccount => "no_usable_account",
            ErrorKind::NoVoiceToken => "no_token",
            ErrorKind::Timeout(Deadline::FirstByte) => "stream_first_timeout",
            ErrorKind::Timeout(Deadline::Idle) => "stream_idle_timeout",
            ErrorKind::Timeout(Deadline::Total) => "stream_total_timeout",
            ErrorKind::AtCapacity => "at_capacity",
            ErrorKind::StoreUnavailable => "store_unavailable",
            ErrorKind::MediaUnavailable => "media_unavailable",
            ErrorKind::NoDescriptor => "no_descriptor",
        }
    }
}
