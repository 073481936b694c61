//! Why an answer is missing or incomplete, and what to do.

use super::history::TurnState;
use crate::{
    browser::completion::{Failure, FailureCode, FailureKind},
    components::{Button, FailureBox, IconName},
    dom,
    dto::Demo,
    i18n::{
        Language, Text, t,
        text::{chat as text, common},
        use_language,
    },
    session::use_viewer,
};
use leptos::prelude::*;

/// Says how a turn ended if it did not end well. `on_retry` asks again.
#[component]
pub(super) fn EndNotice(state: TurnState, on_retry: Callback<()>) -> impl IntoView {
    match state {
        TurnState::Failed(failure) => view! { <FailureNotice failure on_retry /> }.into_any(),
        TurnState::Stopped => view! { <p class="turn__ended">{t(text::STOPPED)}</p> }.into_any(),
        TurnState::Interrupted => {
            view! { <p class="turn__ended">{t(text::INTERRUPTED)}</p> }.into_any()
        }
        TurnState::Complete | TurnState::Streaming => ().into_any(),
    }
}

/// Whether the notice of this state has a button that asks again.
pub(super) fn offers_retry(state: &TurnState) -> bool {
    matches!(state, TurnState::Failed(failure) if failure.kind != FailureKind::SignIn)
}

#[component]
fn FailureNotice(failure: Failure, on_retry: Callback<()>) -> impl IntoView {
    let language = use_language();
    let viewer = use_viewer();
    let reader = Reader {
        is_operator: viewer.is_admin,
        // Whoever came in through an open demo is refused by nothing but its end.
        was_demo: viewer.demo == Demo::UntilFirstAccount,
    };
    let wait = use_wait(&failure);
    let Failure {
        kind,
        code,
        message,
        request_id,
        ..
    } = failure;
    let accounts = (viewer.is_admin && is_about_accounts(code)).then(|| {
        view! {
            <a class="button button--secondary" href="/admin/accounts">
                {t(text::TO_ACCOUNTS)}
            </a>
        }
    });
    let headline = move || {
        let happened = happened(kind, code, reader).get(language.get());
        match wait.get() {
            0 => happened.to_owned(),
            secs => format!("{happened} {}", next_try(secs, language.get())),
        }
    };
    let detail = (!message.is_empty()).then_some(message);
    view! {
        <FailureBox headline detail request_id>
            {accounts}
            {if kind == FailureKind::SignIn {
                view! {
                    <a class="button button--secondary" href="/login" rel="external">
                        {t(text::SIGN_IN)}
                    </a>
                }
                    .into_any()
            } else {
                view! {
                    <Button icon=IconName::RefreshCw on:click=move |_| on_retry.run(())>
                        {t(common::RETRY)}
                    </Button>
                }
                    .into_any()
            }}
        </FailureBox>
    }
}

/// Seconds until a new try makes sense, counting down; 0 where there is nothing to wait for.
fn use_wait(failure: &Failure) -> RwSignal<u64> {
    // Programs are told to come again; time alone brings no account.
    let needs_account = matches!(
        failure.code,
        FailureCode::NoAccountAvailable | FailureCode::NoUsableAccount
    );
    let secs = failure.retry_after_secs.filter(|_| !needs_account);
    let until_ms = secs.map_or(0, |secs| {
        failure.at_ms + i64::try_from(secs).unwrap_or(i64::MAX / 1_000) * 1_000
    });
    let left = move || {
        let left_ms = u64::try_from(until_ms - dom::now_ms()).unwrap_or(0);
        left_ms.div_ceil(1_000)
    };
    let wait = RwSignal::new(0);
    Effect::new(move || {
        wait.set(left());
        if left() == 0 {
            return;
        }
        let ticker = dom::every(1_000, move || _ = wait.try_set(left()));
        let ticker = StoredValue::new_local(ticker);
        on_cleanup(move || ticker.dispose());
    });
    wait
}

/// What happened to a request of the operator's, and what to do.
pub(in crate::pages) fn explain_to_operator(failure: &Failure) -> Text {
    let reader = Reader {
        is_operator: true,
        was_demo: false,
    };
    happened(failure.kind, failure.code, reader)
}

/// Whether the operator finds the cause among the accounts.
pub(in crate::pages) fn is_about_accounts(code: FailureCode) -> bool {
    matches!(
        code,
        FailureCode::NoAccountAvailable
            | FailureCode::NoUsableAccount
            | FailureCode::RateLimitExceeded
            | FailureCode::UpstreamAccountBlocked
            | FailureCode::UpstreamUnauthorized
            | FailureCode::UpstreamError
    )
}

/// Who reads it: what to do differs.
#[derive(Clone, Copy)]
struct Reader {
    /// Can repair accounts and change the configuration.
    is_operator: bool,
    was_demo: bool,
}

/// What happened, and what to do.
fn happened(kind: FailureKind, code: FailureCode, reader: Reader) -> Text {
    let for_reader = |operator, visitor| {
        if reader.is_operator {
            operator
        } else {
            visitor
        }
    };
    match (kind, code) {
        (FailureKind::SignIn, _) if reader.was_demo => text::FAILED_DEMO_ENDED,
        (FailureKind::SignIn, _) => text::FAILED_SIGN_IN,
        (FailureKind::Network, _) => text::FAILED_NETWORK,
        (FailureKind::CutOff, _) => text::FAILED_CUT_OFF,
        (_, FailureCode::NoAccountAvailable) => text::FAILED_NO_ACCOUNT,
        (_, FailureCode::NoUsableAccount) => for_reader(
            text::FAILED_NO_USABLE_ACCOUNT,
            text::FAILED_NO_USABLE_ACCOUNT_VISITOR,
        ),
        (_, FailureCode::RateLimitExceeded) => text::FAILED_BUSY,
        (_, FailureCode::AtCapacity | FailureCode::ServerBusy | FailureCode::ShuttingDown) => {
            text::FAILED_CROWDED
        }
        (_, FailureCode::StoreUnavailable) => text::FAILED_STORE,
        (_, FailureCode::UpstreamError | FailureCode::EmptyAnswer) => text::FAILED_UPSTREAM,
        (_, FailureCode::UpstreamUnauthorized) => {
            for_reader(text::FAILED_UNAUTHORIZED, text::FAILED_UNAUTHORIZED_VISITOR)
        }
        (_, FailureCode::UpstreamUnreachable) => {
            for_reader(text::FAILED_UNREACHABLE, text::FAILED_UNREACHABLE_VISITOR)
        }
        (_, FailureCode::UpstreamUnavailable) => text::FAILED_UNAVAILABLE,
        (_, FailureCode::UpstreamInterrupted) => text::FAILED_INTERRUPTED,
        (_, FailureCode::UpstreamClearance) => text::FAILED_CLEARANCE,
        (_, FailureCode::UpstreamAccountBlocked) => text::FAILED_BLOCKED,
        (_, FailureCode::AnswerTooLarge) => text::FAILED_ANSWER_TOO_LARGE,
        (_, FailureCode::ContentPolicyViolation) => text::FAILED_POLICY,
        (
            _,
            FailureCode::StreamFirstTimeout
            | FailureCode::StreamIdleTimeout
            | FailureCode::StreamTotalTimeout,
        ) => text::FAILED_TIMEOUT,
        (_, FailureCode::ModelNotFound) => text::FAILED_MODEL,
        (_, FailureCode::RequestTooLarge) => text::FAILED_TOO_LARGE,
        (FailureKind::Busy, FailureCode::Other) => text::FAILED_CROWDED,
        (FailureKind::Server, FailureCode::Other) => text::FAILED_SERVER,
    }
}

/// Seconds below two minutes, minutes below two hours, then hours; rounded up, so that a retry at
/// that time succeeds.
fn next_try(secs: u64, language: Language) -> String {
    match secs {
        0..120 => text::RetrySecs { count: &secs }.fill(language),
        120..7_200 => {
            let count = &secs.div_ceil(60);
            text::RetryMinutes { count }.fill(language)
        }
        _ => {
            let count = &secs.div_ceil(3_600);
            text::RetryHours { count }.fill(language)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_said_in_a_fitting_unit() {
        let said = |secs| next_try(secs, Language::English);
        assert!(said(30).contains("30 s"), "{}", said(30));
        assert!(said(121).contains("3 min"), "{}", said(121));
        assert!(said(36_000).contains("10 h"), "{}", said(36_000));
    }
}
