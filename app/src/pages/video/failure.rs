//! Why a video was not made, and what to do.

use super::progress::phase;
use crate::{
    browser::completion::{Failure, FailureCode, FailureKind},
    components::{Button, FailureBox, Icon, IconName},
    dto::{VideoFailure, VideoItem},
    i18n::{
        Text, t,
        text::{common, making, video as text},
    },
    pages::making::{Cause, cause, way_out},
    session::use_viewer,
};
use leptos::prelude::*;
use serde::{
    Deserialize,
    de::value::{Error, StrDeserializer},
};

/// Leads back here.
pub(super) const SIGN_IN: &str = "/login?next=/video";
/// The process ended while a video was made.
const INTERRUPTED: &str = "interrupted";

/// Says why a video was not queued.
#[component]
pub(super) fn FailureNotice(failure: Failure, on_close: Callback<()>) -> impl IntoView {
    let viewer = use_viewer();
    let happened = describe(&failure, viewer.is_admin);
    let way_out = way_out(cause(failure.kind, failure.code), viewer.is_admin, SIGN_IN);
    let Failure {
        message,
        request_id,
        ..
    } = failure;
    let detail = (!message.is_empty()).then_some(message);
    view! {
        <FailureBox headline=t(happened) detail request_id>
            {way_out}
            <Button on:click=move |_| on_close.run(())>{t(common::DISMISS)}</Button>
        </FailureBox>
    }
}

/// In the place of the film: that there is none, and why.
#[component]
pub(super) fn NotMade(item: VideoItem) -> impl IntoView {
    let viewer = use_viewer();
    let headline = phase(&item);
    let why = item.failure.map(|failure| {
        let (text, found) = why(&failure, viewer.is_admin);
        view! {
            <p class="film__why">{t(text)}</p>
            {found.map(|cause| way_out(cause, viewer.is_admin, SIGN_IN))}
            <p class="film__detail">{failure.message}</p>
        }
    });
    view! {
        <div class="film__not-made">
            <p class="film__phase">
                <Icon name=IconName::CircleAlert size=20 />
                {t(headline)}
            </p>
            {why}
        </div>
    }
}

/// What happened and what to do, and what people can tell apart.
fn why(failure: &VideoFailure, is_operator: bool) -> (Text, Option<Cause>) {
    if failure.code == INTERRUPTED {
        return (text::FAILED_INTERRUPTED, None);
    }
    let code = FailureCode::deserialize(StrDeserializer::<Error>::new(&failure.code));
    let found = cause(FailureKind::Server, code.unwrap_or_default());
    (sentence(found, is_operator), Some(found))
}

/// What happened and what to do; an operator can do more.
pub(super) fn describe(failure: &Failure, is_operator: bool) -> Text {
    sentence(cause(failure.kind, failure.code), is_operator)
}

fn sentence(cause: Cause, is_operator: bool) -> Text {
    match cause {
        Cause::SignIn => making::FAILED_SIGN_IN,
        Cause::Network | Cause::CutOff => making::FAILED_NETWORK,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_rows_are_those_of_the_api() {
        let of = |code: &str| {
            let failure = VideoFailure {
                code: code.to_owned(),
                message: String::new(),
            };
            why(&failure, false).1
        };
        assert_eq!(of("content_policy_violation"), Some(Cause::Policy));
        assert_eq!(of("rate_limit_exceeded"), Some(Cause::Busy));
        assert_eq!(of("no_account_available"), Some(Cause::Accounts));
        assert_eq!(of("something_new"), Some(Cause::Server));
        assert_eq!(of("interrupted"), None);
    }
}
