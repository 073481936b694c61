//! Why pictures did not come, and what to do.

use super::gallery::Gallery;
use crate::{
    browser::completion::{Failure, FailureCode},
    components::{Button, FailureBox},
    i18n::{
        Text, t,
        text::{common, imagine as text, making},
        use_language,
    },
    pages::making::{Cause, cause, retry, way_out},
    session::use_viewer,
};
use leptos::prelude::*;

/// Leads back here.
pub(super) const SIGN_IN: &str = "/login?next=/imagine";

/// Says why the last request failed. `on_retry` asks again, `on_close` takes the notice away.
#[component]
pub(super) fn FailureNotice(
    failure: Failure,
    on_retry: Callback<()>,
    on_close: Callback<()>,
) -> impl IntoView {
    let (viewer, language) = (use_viewer(), use_language());
    let gallery: Gallery = expect_context();
    let remove_failed = move |_| {
        gallery.remove(&untrack(|| gallery.failed()));
        gallery.focus_near(0);
    };
    let Failure {
        kind,
        code,
        message,
        request_id,
        retry_after_secs,
        ..
    } = failure;
    let cause = cause(kind, code);
    let happened = sentence(cause, viewer.is_admin);
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
    // The same words would be declined again.
    let can_retry = cause != Cause::Policy;
    let way_out =
        way_out(cause, viewer.is_admin, SIGN_IN).or_else(|| can_retry.then(|| retry(on_retry)));
    view! {
        <FailureBox headline detail request_id>
            {way_out}
            <Show when=move || { gallery.failed().len() > 1 }>
                <Button on:click=remove_failed>{t(text::REMOVE_FAILED)}</Button>
            </Show>
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

/// What happened and what to do; an operator can do more.
fn sentence(cause: Cause, is_operator: bool) -> Text {
    match cause {
        Cause::SignIn => making::FAILED_SIGN_IN,
        Cause::Network => making::FAILED_NETWORK,
        Cause::CutOff => text::FAILED_CUT_OFF,
        Cause::Policy => text::FAILED_POLICY,
        Cause::Busy => text::FAILED_BUSY,
        Cause::Crowded => text::FAILED_CROWDED,
        Cause::Accounts if is_operator => text::FAILED_ACCOUNTS,
        Cause::Accounts => text::FAILED_ACCOUNTS_VISITOR,
        Cause::Unreachable if is_operator => making::FAILED_UNREACHABLE,
        Cause::Unreachable => making::FAILED_UNREACHABLE_VISITOR,
        Cause::Upstream => text::FAILED_UPSTREAM,
        Cause::Timeout => text::FAILED_TIMEOUT,
        Cause::TooLarge => text::FAILED_TOO_LARGE,
        Cause::Store => text::FAILED_STORE,
        Cause::Server => text::FAILED_SERVER,
    }
}
