//! Signing in: plain HTML, without our code in the browser. A small script of its own
//! (`login.js`) helps, and everything but the two menus works without that, too.

use crate::{
    api::auth::{SignIn, get_viewer},
    components::{Button, ButtonVariant, HiddenUserName, Input, describe},
    dto::{Demo, Viewer},
    error::UiError,
    i18n::{Text, t, text::login, use_language},
    layout::SignInFrame,
    service::AuthService,
    session::{safe_next, start_behind},
};
use std::sync::Arc;

use leptos::{nonce::use_nonce, prelude::*};
use leptos_router::hooks::{use_location, use_query_map, use_url};

const FIELD: &str = "password";
/// The longest pause after wrong passwords.
const LONGEST_WAIT_SECS: u64 = 300;

/// What the page does beyond HTML: menus, the wait after too many attempts, the pressed button.
const SCRIPT: &str = include_str!("login.js");

/// The sign-in form, for `/login` (then opens the chat) and `/admin/login` (then opens the accounts).
/// Who is signed in already is led on.
#[component]
pub fn LoginPage() -> impl IntoView {
    let next = next_path();
    // What a refused attempt left in the address; elsewhere the router's routes do this.
    use_url().read_untracked().provide_server_action_error();
    view! {
        <Suspense>
            {
                let next = next.clone();
                Suspend::new(async move {
                    let viewer = get_viewer().await.unwrap_or_default();
                    if viewer.is_admin {
                        leptos_axum::redirect(&next);
                    }
                    let (lead, may_chat) = (lead(&viewer), viewer.may_chat);
                    view! {
                        <SignInFrame viewer>
                            <LoginForm next lead may_chat />
                        </SignInFrame>
                    }
                })
            }
        </Suspense>
        <script nonce=use_nonce()>{SCRIPT}</script>
    }
}

#[component]
fn LoginForm(next: String, lead: Text, may_chat: bool) -> impl IntoView {
    let language = use_language();
    let action = ServerAction::<SignIn>::new();
    let failure = action.value().get_untracked().and_then(Result::err);
    let auth = use_context::<Arc<dyn AuthService>>();
    let https_url = auth.map(|auth| auth.https_url()).unwrap_or_default();
    let failure = failure.and_then(|failure| from_address(failure, &https_url));
    let text = |error: &UiError| describe(error, language.get_untracked());
    let error = failure.as_ref().map(text);
    let wait = failure.and_then(|failure| match failure {
        UiError::TooManyAttempts { retry_secs } => Some(retry_secs),
        _ => None,
    });
    // The text of the last second has another form of the word.
    let last = wait.map(|_| text(&UiError::TooManyAttempts { retry_secs: 1 }));
    view! {
        <h1 class="sign-in__title">{t(login::TITLE)}</h1>
        <p class="sign-in__lead">{t(lead)}</p>
        <ActionForm action attr:class="form" attr:data-wait=wait attr:data-last=last>
            <input type="hidden" name="next" value=next />
            <HiddenUserName />
            <Input
                id=FIELD
                label=t(login::PASSWORD)
                kind="password"
                autocomplete="current-password"
                required=true
                autofocus=true
                error=Signal::stored(error)
            />
            <Button variant=ButtonVariant::Primary submit=true>
                {t(login::SUBMIT)}
            </Button>
        </ActionForm>
        <p class="sign-in__hint">
            {t(login::FORGOT)} " " <code>"make password"</code> " " {t(login::FORGOT_OR)} " "
            <code>"grok2api admin set-password --generate"</code>
        </p>
        {may_chat
            .then(|| {
                view! {
                    <p class="sign-in__hint">
                        <a href="/">{t(login::TO_CHAT)}</a>
                    </p>
                }
            })}
    }
}

/// What the page says of a refused attempt. It stands in the address, and anybody can make a link with
/// another one: words and numbers of theirs must not look like ours.
fn from_address(failure: UiError, https_url: &str) -> Option<UiError> {
    match failure {
        UiError::TooManyAttempts { retry_secs } => Some(UiError::TooManyAttempts {
            retry_secs: retry_secs.min(LONGEST_WAIT_SECS),
        }),
        UiError::NotEncrypted { .. } => (!https_url.is_empty()).then(|| UiError::NotEncrypted {
            app_url: https_url.to_owned(),
        }),
        UiError::Internal { request_id } => {
            let is_id = request_id.len() == 32 && request_id.bytes().all(|b| b.is_ascii_hexdigit());
            is_id.then_some(UiError::Internal { request_id })
        }
        UiError::WrongPassword | UiError::CrossSite | UiError::Unavailable => Some(failure),
        UiError::SignInRequired
        | UiError::Invalid { .. }
        | UiError::Malformed { .. }
        | UiError::NotFound
        | UiError::SetByEnvironment { .. }
        | UiError::Connection => None,
    }
}

/// Why one has to sign in, and who. Demo visitors are told why they stand here.
fn lead(viewer: &Viewer) -> Text {
    match viewer.demo {
        demo if demo.is_on() => login::LEAD_DEMO,
        _ if viewer.may_chat => login::LEAD_OPEN,
        Demo::Ended => login::DEMO_ENDED,
        _ => login::LEAD,
    }
}

/// Where to go after signing in: the page that was asked for, else the start of this area.
fn next_path() -> String {
    let wanted = use_query_map().read_untracked().get("next");
    let start = start_behind(&use_location().pathname.read_untracked());
    wanted.map_or(start.to_owned(), |wanted| {
        safe_next(Some(&wanted)).to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_puts_no_words_and_no_numbers_of_its_own_into_the_page() {
        let shown = |failure: UiError| from_address(failure, "https://ours.example");
        let evil = || "https://evil.example (your password has expired)".to_owned();
        let not_encrypted = |app_url: String| UiError::NotEncrypted { app_url };
        let ours = not_encrypted("https://ours.example".to_owned());
        assert_eq!(shown(not_encrypted(evil())), Some(ours));
        assert_eq!(from_address(not_encrypted(evil()), ""), None);
        assert_eq!(
            shown(UiError::TooManyAttempts {
                retry_secs: u64::MAX
            }),
            Some(UiError::TooManyAttempts { retry_secs: 300 })
        );
        assert_eq!(shown(UiError::Internal { request_id: evil() }), None);
        assert_eq!(shown(UiError::SetByEnvironment { variable: evil() }), None);
        assert_eq!(shown(UiError::WrongPassword), Some(UiError::WrongPassword));
    }
}
