//! A failure, in words: what happened, what to do, the request id to quote.

use super::{CopyButton, Icon, IconName};
use crate::{
    error::{Field, PasswordRule, Rule, UiError},
    i18n::{
        Language, t,
        text::{common, errors},
        use_language,
    },
};
use leptos::{prelude::*, text_prop::TextProp};

/// What happened and what to do about it, in the user's language.
#[must_use]
pub fn describe(error: &UiError, language: Language) -> String {
    let text = match error {
        UiError::SignInRequired => errors::SIGN_IN_REQUIRED,
        UiError::WrongPassword => errors::WRONG_PASSWORD,
        UiError::TooManyAttempts { retry_secs } => {
            return errors::TOO_MANY_ATTEMPTS.fill(language, *retry_secs);
        }
        UiError::Invalid { field, rule } => match (field, rule) {
            (Field::Cookie, Rule::NotOne) => errors::NOT_A_COOKIE,
            (Field::Proxy, Rule::NotOne) => errors::NOT_A_PROXY,
            _ => return describe_rule(*rule, language),
        },
        UiError::NotFound => errors::NOT_FOUND,
        UiError::CrossSite => errors::CROSS_SITE,
        UiError::NotEncrypted { app_url } => {
            return errors::NotEncrypted { url: app_url }.fill(language);
        }
        UiError::SetByEnvironment { variable } => {
            return errors::SetByEnvironment { variable }.fill(language);
        }
        UiError::Unavailable => errors::UNAVAILABLE,
        UiError::Internal { .. } | UiError::Malformed { .. } => errors::INTERNAL,
        UiError::Connection => errors::CONNECTION,
    };
    text.get(language).to_owned()
}

fn describe_rule(rule: Rule, language: Language) -> String {
    let text = match rule {
        Rule::Password(PasswordRule::TooShort { min_chars }) => {
            return errors::PasswordTooShort { min: &min_chars }.fill(language);
        }
        Rule::Password(PasswordRule::TooLong { max_chars }) => {
            return errors::PasswordTooLong { max: &max_chars }.fill(language);
        }
        Rule::Password(PasswordRule::IsDefault) => errors::PASSWORD_IS_DEFAULT,
        Rule::Differs => errors::DIFFERS,
        Rule::TooLong => errors::TOO_LONG,
        Rule::NotOne => errors::NOT_ONE,
        Rule::Taken => errors::TAKEN,
        Rule::NotStorable => errors::NOT_STORABLE,
    };
    text.get(language).to_owned()
}

/// A failed call; `children` may hold a button to try again.
#[component]
pub fn ErrorNotice(error: UiError, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let language = use_language();
    let request_id = match &error {
        UiError::Internal { request_id } | UiError::Malformed { request_id, .. } => {
            Some(request_id.clone()).filter(|id| !id.is_empty())
        }
        _ => None,
    };
    view! {
        <FailureBox headline=move || describe(&error, language.get()) request_id>
            {children.map(|children| children())}
        </FailureBox>
    }
}

/// A page that could not be loaded, and loading it again.
#[component]
pub fn NotLoaded(error: UiError) -> impl IntoView {
    view! {
        <ErrorNotice error>
            <a class="button button--secondary" href="" rel="external">
                {t(common::RETRY)}
            </a>
        </ErrorNotice>
    }
}

/// The box of a failure, announced at once; `children` are the way out.
#[component]
pub fn FailureBox(
    /// What happened and what to do.
    #[prop(into)]
    headline: TextProp,
    /// More about it, not translated.
    #[prop(optional_no_strip)]
    detail: Option<String>,
    /// To quote when asking for help.
    request_id: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="notice tone-danger" role="alert">
            <Icon name=IconName::CircleAlert size=20 />
            <div class="notice__body">
                <p>{move || headline.get()}</p>
                {detail
                    .map(|detail| {
                        view! {
                            <details class="notice__details">
                                <summary>{t(errors::DETAILS)}</summary>
                                <p>{detail}</p>
                            </details>
                        }
                    })}
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
            {children()}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Field;

    #[test]
    fn every_refused_value_says_what_to_do_in_every_language() {
        let rules = [
            PasswordRule::TooShort { min_chars: 10 }.into(),
            PasswordRule::TooLong { max_chars: 1024 }.into(),
            PasswordRule::IsDefault.into(),
            Rule::Differs,
            Rule::TooLong,
        ];
        for language in Language::ALL {
            let mut texts = rules.map(|rule| {
                let field = Field::NewPassword;
                describe(&UiError::Invalid { field, rule }, language)
            });
            assert!(
                texts[0].contains("10") && texts[1].contains("1024"),
                "{texts:?}"
            );
            assert!(texts.iter().all(|text| !text.is_empty()), "{texts:?}");
            texts.sort();
            assert!(texts.windows(2).all(|pair| pair[0] != pair[1]), "{texts:?}");
        }
    }

    #[test]
    fn every_failure_has_a_text_in_every_language() {
        let errors = [
            UiError::SignInRequired,
            UiError::WrongPassword,
            UiError::TooManyAttempts { retry_secs: 2 },
            UiError::NotFound,
            UiError::CrossSite,
            UiError::NotEncrypted {
                app_url: "https://grok.example".to_owned(),
            },
            UiError::SetByEnvironment {
                variable: "GROK2API_APP__PUBLIC_ENABLED".to_owned(),
            },
            UiError::Unavailable,
            UiError::Internal {
                request_id: String::new(),
            },
            UiError::Connection,
        ];
        for language in Language::ALL {
            for error in &errors {
                assert!(!describe(error, language).is_empty(), "{error:?}");
            }
        }
    }
}
