//! Signing in.

use crate::{
    api::auth::SignIn,
    components::{Button, ButtonVariant, Input, PageTitle, describe},
    error::UiError,
    i18n::{t, text::login, use_language},
    layout::SignInFrame,
    session::safe_next,
};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use std::time::Duration;

const FIELD: &str = "password";

/// The sign-in form, for `/login` (then opens the chat) and `/admin/login` (then opens the accounts).
#[component]
pub fn LoginPage() -> impl IntoView {
    let language = use_language();
    let action = ServerAction::<SignIn>::new();
    let next = next_path();
    let failure = move || action.value().get().and_then(Result::err);
    let wait = use_countdown(Signal::derive(failure));
    let error = Signal::derive(move || match failure() {
        Some(UiError::TooManyAttempts { .. }) if wait.get() == 0 => None,
        Some(UiError::TooManyAttempts { .. }) => {
            let error = UiError::TooManyAttempts {
                retry_secs: wait.get(),
            };
            Some(describe(&error, language.get()))
        }
        Some(error) => Some(describe(&error, language.get())),
        None => None,
    });
    Effect::new(move || {
        if failure().is_some() {
            crate::dom::focus(FIELD);
        }
    });
    view! {
        <PageTitle text=t(login::TITLE) />
        <SignInFrame next=next.clone()>
            <h1 class="sign-in__title">{t(login::TITLE)}</h1>
            <p class="sign-in__lead">{t(login::LEAD)}</p>
            <ActionForm action attr:class="form">
                <input type="hidden" name="next" value=next />
                <HiddenUserName />
                <Input
                    id=FIELD
                    label=t(login::PASSWORD)
                    kind="password"
                    autocomplete="current-password"
                    required=true
                    autofocus=true
                    error
                />
                <Button
                    variant=ButtonVariant::Primary
                    submit=true
                    loading=action.pending()
                    disabled=Signal::derive(move || wait.get() > 0)
                >
                    {t(login::SUBMIT)}
                </Button>
            </ActionForm>
            <p class="sign-in__hint">
                {t(login::FORGOT)} " " <code>"grok2api admin set-password"</code>
            </p>
        </SignInFrame>
    }
}

/// Password managers file a password under a user name; there is one operator.
#[component]
pub(super) fn HiddenUserName() -> impl IntoView {
    view! {
        <input
            class="visually-hidden"
            type="text"
            autocomplete="username"
            value="admin"
            readonly=true
            tabindex="-1"
            aria-hidden="true"
        />
    }
}

/// Where to go after signing in: the page that was asked for, else the start of this area.
fn next_path() -> String {
    let wanted = use_query_map().read_untracked().get("next");
    let is_admin = use_location()
        .pathname
        .read_untracked()
        .starts_with("/admin");
    let start = if is_admin { "/admin/accounts" } else { "/" };
    wanted.map_or(start.to_owned(), |wanted| {
        safe_next(Some(&wanted)).to_owned()
    })
}

/// Seconds until another attempt is allowed, counting down in the browser.
fn use_countdown(failure: Signal<Option<UiError>>) -> RwSignal<u64> {
    let left = RwSignal::new(match failure.get_untracked() {
        Some(UiError::TooManyAttempts { retry_secs }) => retry_secs,
        _ => 0,
    });
    Effect::new(move || {
        let Some(UiError::TooManyAttempts { retry_secs }) = failure.get() else {
            return;
        };
        left.set(retry_secs);
        let tick = move || _ = left.try_update(|left| *left = left.saturating_sub(1));
        if let Ok(interval) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || interval.clear());
        }
    });
    left
}
