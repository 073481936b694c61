//! The seam between two years' forms of the protocol (`upstream-protocol` 8).
//!
//! Each call that has two forms learns by itself which of them the upstream answers, and keeps to it.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::{Class, UpstreamError};

/// Which forms are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Today's; the older one where only that is answered.
    #[default]
    Auto,
    /// August 2026.
    August,
    /// February 2026.
    February,
}

/// What has been learned about the calls with two forms.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    pub(crate) upload: Form,
    pub(crate) edit: Form,
    pub(crate) video: Form,
}

/// What has been learned about one call.
#[derive(Debug, Default)]
pub(crate) struct Form(AtomicU8);

// 0: nothing yet.
const NEWER: u8 = 1;
const OLDER: u8 = 2;

impl Form {
    /// Makes the call in the form that the upstream knows. Only one of the futures is polled, unless
    /// it is the first call and the newer form was refused as unknown.
    ///
    /// # Errors
    /// Those of the form that was used last.
    pub(crate) async fn call<T>(
        &self,
        protocol: Protocol,
        newer: impl Future<Output = Result<T, UpstreamError>>,
        older: impl Future<Output = Result<T, UpstreamError>>,
    ) -> Result<T, UpstreamError> {
        let known = match protocol {
            Protocol::Auto => self.0.load(Ordering::Relaxed),
            Protocol::August => NEWER,
            Protocol::February => OLDER,
        };
        match known {
            NEWER => return newer.await,
            OLDER => return older.await,
            _ => {}
        }
        let (answer, form) = match newer.await {
            Err(error) if is_unknown(&error) => (older.await?, OLDER),
            answer => (answer?, NEWER),
        };
        self.0.store(form, Ordering::Relaxed);
        Ok(answer)
    }
}

/// The upstream does not know what was asked, as it looks: it was not the account, the content or the
/// load.
fn is_unknown(error: &UpstreamError) -> bool {
    let status = error.status().unwrap_or_default();
    error.class() == Class::Fatal && matches!(status, 400 | 404 | 405 | 415 | 422) || status == 501
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn refused(status: u16, class: Class) -> UpstreamError {
        UpstreamError::Refused {
            status,
            class,
            retry_after: None,
            message: String::new(),
        }
    }

    /// Which forms a call has used.
    async fn used(form: &Form, protocol: Protocol, newer: Result<(), UpstreamError>) -> String {
        let log = RefCell::new(String::new());
        let write = |letter, answer| {
            log.borrow_mut().push(letter);
            answer
        };
        let _ = form
            .call(protocol, async { write('n', newer) }, async {
                write('o', Ok(()))
            })
            .await;
        log.into_inner()
    }

    #[tokio::test]
    async fn the_first_answer_decides_which_form_is_used_from_then_on() {
        let unknown = || Err(refused(404, Class::Fatal));
        let form = Form::default();
        assert_eq!(used(&form, Protocol::Auto, unknown()).await, "no");
        assert_eq!(used(&form, Protocol::Auto, Ok(())).await, "o");
        let form = Form::default();
        assert_eq!(used(&form, Protocol::Auto, Ok(())).await, "n");
        assert_eq!(used(&form, Protocol::Auto, unknown()).await, "n");
    }

    #[tokio::test]
    async fn refusals_of_the_account_or_the_content_are_not_repeated_in_the_older_form() {
        for error in [
            refused(400, Class::Moderated),
            refused(401, Class::Unauthorized),
            refused(429, Class::RateLimited),
            refused(503, Class::Retryable),
            UpstreamError::Timeout,
        ] {
            let form = Form::default();
            assert_eq!(used(&form, Protocol::Auto, Err(error)).await, "n");
            assert_eq!(used(&form, Protocol::Auto, Ok(())).await, "n");
        }
    }

    #[tokio::test]
    async fn the_operator_can_settle_it() {
        let form = Form::default();
        let unknown = Err(refused(404, Class::Fatal));
        assert_eq!(used(&form, Protocol::August, unknown).await, "n");
        assert_eq!(used(&form, Protocol::February, Ok(())).await, "o");
    }
}
