//! The seam between two years' forms of the protocol (`upstream-protocol` 8).
//!
//! Each call that has two forms learns by itself which of them the upstream answers, and keeps to it.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

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
    pub(crate) quota: Form,
}

/// What has been learned about one call.
#[derive(Debug, Default)]
pub(crate) struct Form(Mutex<Known>);

#[derive(Clone, Copy, Debug)]
enum Known {
    /// Which form is answered; the newer one was refused so often in a row for what may have been
    /// the content's fault as well, while the older one was answered.
    Nothing {
        doubts: u8,
    },
    Newer,
    /// The upstream may have learned today's form when this has passed.
    Older {
        until: Instant,
    },
}

impl Default for Known {
    fn default() -> Self {
        Self::Nothing { doubts: 0 }
    }
}

/// How long the older form is kept to before today's is tried again.
const OLDER_LIFETIME: Duration = Duration::from_secs(3600);
/// So many doubts in a row settle it.
const MAX_DOUBTS: u8 = 2;

impl Form {
    /// Makes the call in the form that the upstream knows. Only one of the futures is polled, unless
    /// nothing is known yet and the newer form was refused as unknown.
    ///
    /// # Errors
    /// Those of the form that was used last.
    pub(crate) async fn call<T>(
        &self,
        protocol: Protocol,
        newer: impl Future<Output = Result<T, UpstreamError>>,
        older: impl Future<Output = Result<T, UpstreamError>>,
    ) -> Result<T, UpstreamError> {
        match (protocol, self.known()) {
            (Protocol::August, _) | (Protocol::Auto, Known::Newer) => return newer.await,
            (Protocol::February, _) | (Protocol::Auto, Known::Older { .. }) => return older.await,
            (Protocol::Auto, Known::Nothing { .. }) => {}
        }
        let refusal = match newer.await {
            Err(error) => Refusal::of(&error).ok_or(error)?,
            answer => {
                *self.0.lock() = Known::Newer;
                return answer;
            }
        };
        let answer = older.await?;
        self.0.lock().refused(refusal);
        Ok(answer)
    }

    fn known(&self) -> Known {
        let mut known = self.0.lock();
        if matches!(*known, Known::Older { until } if until <= Instant::now()) {
            *known = Known::default();
        }
        *known
    }
}

impl Known {
    /// The newer form was refused, and the older one answered.
    fn refused(&mut self, refusal: Refusal) {
        let doubts = match (&*self, refusal) {
            (Self::Nothing { doubts }, Refusal::Doubtful) => doubts + 1,
            (Self::Nothing { .. }, Refusal::Unknown) => MAX_DOUBTS,
            // Another call has found it out meanwhile.
            _ => return,
        };
        *self = match doubts < MAX_DOUBTS {
            true => Self::Nothing { doubts },
            false => Self::Older {
                until: Instant::now() + OLDER_LIFETIME,
            },
        };
    }
}

/// What a refused call says of its form.
enum Refusal {
    /// There is no such call.
    Unknown,
    /// The form or the content: a file that has been forgotten is refused in the same way.
    Doubtful,
}

impl Refusal {
    /// `None`: it was the account, the content or the load.
    fn of(error: &UpstreamError) -> Option<Self> {
        match (error.status()?, error.class()) {
            (501, _) | (404 | 405, Class::Fatal) => Some(Self::Unknown),
            (400 | 415 | 422, Class::Fatal) => Some(Self::Doubtful),
            _ => None,
        }
    }
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
    async fn one_refusal_that_may_be_the_contents_fault_settles_nothing() {
        let doubtful = || Err(refused(400, Class::Fatal));
        let form = Form::default();
        assert_eq!(used(&form, Protocol::Auto, doubtful()).await, "no");
        assert_eq!(used(&form, Protocol::Auto, Ok(())).await, "n");
        assert_eq!(used(&form, Protocol::Auto, doubtful()).await, "n");
        let form = Form::default();
        assert_eq!(used(&form, Protocol::Auto, doubtful()).await, "no");
        assert_eq!(used(&form, Protocol::Auto, doubtful()).await, "no");
        assert_eq!(used(&form, Protocol::Auto, Ok(())).await, "o");
    }

    #[tokio::test(start_paused = true)]
    async fn an_upstream_that_has_learned_todays_form_is_found_out() {
        let form = Form::default();
        let unknown = Err(refused(405, Class::Fatal));
        assert_eq!(used(&form, Protocol::Auto, unknown).await, "no");
        tokio::time::advance(OLDER_LIFETIME).await;
        assert_eq!(used(&form, Protocol::Auto, Ok(())).await, "n");
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
