//! Why pictures did not come, and what to do.

use crate::{
    browser::completion::{Failure, FailureCode, FailureKind},
    components::{Button, FailureBox, IconName},
    i18n::{
        Text, t,
        text::{common, imagine as text},
        use_language,
    },
    session::use_viewer,
};
use leptos::prelude::*;

/// Says why the last request failed. `on_retry` asks again, `on_close` takes the notice away.
#[component]
pub(super) fn FailureNotice(
    failure: Failure,
    on_retry: Callback<()>,
    on_close: Callback<()>,
) -> impl IntoView {
    let (viewer, language) = (use_viewer(), use_language());
    let Failure {
        kind,
        code,
        message,
        request_id,
        retry_after_secs,
        ..
    } = failure;
    let cause = cause(kind, code);
    let happened = cause.text(viewer.is_admin);
    let wait = retry_after_secs.filter(|_| cause == Cause::Busy);
    let headline = move || {
        let happened = happened.get(language.get());
        match wait {
            Some(secs) => {
                let minutes = &secs.div_ceil(60);
                let wait = text::RetryMinutes { count: minutes }.fill(language.get());
                format!("{happened} {wait}")
            }
            None => happened.to_owned(),
        }
    };
    let detail = (!message.is_empty()).then_some(message);
    let way_out = match cause {
        Cause::SignIn => view! {
            <a class="button button--secondary" href="/login?next=/imagine" rel="external">
                {t(text::SIGN_IN)}
            </a>
        }
        .into_any(),
        Cause::Accounts if viewer.is_admin => view! {
            <a class="button button--secondary" href="/admin/accounts">
                {t(text::TO_ACCOUNTS)}
            </a>
        }
        .into_any(),
        // The same words would be declined again.
        Cause::Policy => ().into_any(),
        _ => view! {
            <Button icon=IconName::RefreshCw on:click=move |_| on_retry.run(())>
                {t(common::RETRY)}
            </Button>
        }
        .into_any(),
    };
    view! {
        <FailureBox headline detail request_id>
            {way_out}
            <Button on:click=move |_| on_close.run(())>{t(common::DISMISS)}</Button>
        </FailureBox>
    }
}

/// A few words for the place of a picture that did not come.
pub(super) fn short(code: FailureCode) -> Text {
    match code {
        FailureCode::ContentPolicyViolation => text::SHORT_POLICY,
        _ => text::SHORT_FAILED,
    }
}

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

impl Cause {
    /// What happened and what to do; an operator can do more.
    fn text(self, is_operator: bool) -> Text {
        match self {
            Self::SignIn => text::FAILED_SIGN_IN,
            Self::Network => text::FAILED_NETWORK,
            Self::CutOff => text::FAILED_CUT_OFF,
            Self::Policy => text::FAILED_POLICY,
            Self::Busy => text::FAILED_BUSY,
            Self::Crowded => text::FAILED_CROWDED,
            Self::Accounts if is_operator => text::FAILED_ACCOUNTS,
            Self::Accounts => text::FAILED_ACCOUNTS_VISITOR,
            Self::Unreachable if is_operator => text::FAILED_UNREACHABLE,
            Self::Unreachable => text::FAILED_UNREACHABLE_VISITOR,
            Self::Upstream => text::FAILED_UPSTREAM,
            Self::Timeout => text::FAILED_TIMEOUT,
            Self::TooLarge => text::FAILED_TOO_LARGE,
            Self::Store => text::FAILED_STORE,
            Self::Server => text::FAILED_SERVER,
        }
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
