//! Changing the operator's password.

use super::login::HiddenUserName;
use crate::{
    api::auth::ChangePassword,
    components::{Button, ButtonVariant, ErrorNotice, Input, describe},
    error::UiError,
    i18n::{t, text::password, use_language},
};
use leptos::prelude::*;

/// The field that a failure belongs to; `None` for one of the whole form.
fn field_of(error: &UiError) -> Option<&str> {
    match error {
        UiError::WrongPassword => Some("current"),
        UiError::Invalid { field, .. } => Some(field),
        _ => None,
    }
}

/// The form with the current password and the new one twice.
#[component]
pub fn PasswordPage() -> impl IntoView {
    let language = use_language();
    let action = ServerAction::<ChangePassword>::new();
    let failure = move || action.value().get().and_then(Result::err);
    let error_of = move |field: &'static str| {
        Signal::derive(move || {
            let error = failure().filter(|error| field_of(error) == Some(field))?;
            Some(describe(&error, language.get()))
        })
    };
    view! {
        <section class="card narrow">
            <p class="lead">{t(password::LEAD)}</p>
            <ActionForm action attr:class="form">
                <HiddenUserName />
                {move || {
                    failure()
                        .filter(|error| field_of(error).is_none())
                        .map(|error| view! { <ErrorNotice error /> })
                }}
                <Input
                    id="current"
                    label=t(password::CURRENT)
                    kind="password"
                    autocomplete="current-password"
                    required=true
                    error=error_of("current")
                />
                <Input
                    id="new"
                    label=t(password::NEW)
                    hint=t(password::NEW_HINT)
                    kind="password"
                    autocomplete="new-password"
                    required=true
                    min_length=10
                    error=error_of("new")
                />
                <Input
                    id="repeated"
                    label=t(password::REPEATED)
                    kind="password"
                    autocomplete="new-password"
                    required=true
                    error=error_of("repeated")
                />
                <Button variant=ButtonVariant::Primary submit=true loading=action.pending()>
                    {t(password::SUBMIT)}
                </Button>
            </ActionForm>
        </section>
    }
}
