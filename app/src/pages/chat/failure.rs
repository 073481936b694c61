//! Why an answer is missing or incomplete, and what to do.

use super::history::TurnState;
use crate::{
    browser::completion::{Failure, FailureKind},
    components::{Button, FailureBox, IconName},
    i18n::{
        Language, t,
        text::{chat as text, common},
        use_language,
    },
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

#[component]
fn FailureNotice(failure: Failure, on_retry: Callback<()>) -> impl IntoView {
    let language = use_language();
    let needs_sign_in = failure.kind == FailureKind::SignIn;
    let detail = (!failure.message.is_empty()).then(|| failure.message.clone());
    let request_id = failure.request_id.clone();
    view! {
        <FailureBox headline=move || headline(&failure, language.get()) detail request_id>
            {if needs_sign_in {
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

fn headline(failure: &Failure, language: Language) -> String {
    let text = match (failure.kind, failure.retry_after_secs) {
        (FailureKind::Busy, Some(secs)) => return wait(secs, language),
        (FailureKind::Busy, None) => text::FAILED_BUSY,
        (FailureKind::SignIn, _) => text::FAILED_SIGN_IN,
        (FailureKind::Network, _) => text::FAILED_NETWORK,
        (FailureKind::CutOff, _) => text::FAILED_CUT_OFF,
        (FailureKind::Server, _) => text::FAILED_SERVER,
    };
    text.get(language).to_owned()
}

/// Seconds below two minutes, minutes below two hours, then hours; rounded up, so that a retry at
/// that time succeeds.
fn wait(secs: u64, language: Language) -> String {
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
        let said = |secs| wait(secs, Language::English);
        assert!(said(30).contains("30 s"), "{}", said(30));
        assert!(said(121).contains("3 min"), "{}", said(121));
        assert!(said(36_000).contains("10 h"), "{}", said(36_000));
    }
}
