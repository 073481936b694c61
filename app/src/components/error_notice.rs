//! A failure, in words: what happened, what to do, the request id to quote.

use super::{CopyButton, Icon, IconName};
use crate::{
    error::UiError,
    i18n::{Language, t, text::errors, use_language},
};
use leptos::prelude::*;

/// What happened and what to do about it, in the user's language.
#[must_use]
pub fn describe(error: &UiError, language: Language) -> String {
    let text = match error {
        UiError::SignInRequired => errors::SIGN_IN_REQUIRED,
        UiError::WrongPassword => errors::WRONG_PASSWORD,
        UiError::TooManyAttempts { retry_secs } => {
            return errors::TOO_MANY_ATTEMPTS.fill(language, *retry_secs, &[]);
        }
        UiError::Invalid { rule, .. } => match rule.as_str() {
            "too_short" => errors::TOO_SHORT,
            "too_long" => errors::TOO_LONG,
            "differs" => errors::DIFFERS,
            "refused" => errors::REFUSED,
            "same" => errors::SAME,
            _ => errors::INVALID,
        },
        UiError::NotFound => errors::NOT_FOUND,
        UiError::CrossSite => errors::CROSS_SITE,
        UiError::Unavailable => errors::UNAVAILABLE,
        UiError::Internal { .. } => errors::INTERNAL,
        UiError::Connection => errors::CONNECTION,
    };
    text.get(language).to_owned()
}

/// A box with the failure, announced at once; `children` may hold a button to try again.
#[component]
pub fn ErrorNotice(error: UiError, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let language = use_language();
    let request_id = match &error {
        UiError::Internal { request_id } if !request_id.is_empty() => Some(request_id.clone()),
        _ => None,
    };
    view! {
        <div class="notice tone-danger" role="alert">
            <Icon name=IconName::CircleAlert size=20 />
            <div class="notice__body">
                <p>{move || describe(&error, language.get())}</p>
                {request_id
                    .map(|id| {
                        view! {
                            <p class="notice__id">
                                {t(errors::REQUEST_ID)} <code>{id.clone()}</code>
                                <CopyButton text=id />
                            </p>
                        }
                    })}
            </div>
            {children.map(|children| children())}
        </div>
    }
}
