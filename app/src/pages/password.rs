//! Changing the operator's password.

use crate::{
    api::auth::ChangePassword,
    components::{Button, ButtonVariant, ErrorNotice, HiddenUserName, Input, describe},
    error::{Field, UiError},
    i18n::{t, text::password, use_language},
    limits::MIN_PASSWORD_CHARS,
};
use leptos::prelude::*;

const CURRENT: &str = "current";
const NEW: &str = "new";
const REPEATED: &str = "repeated";

/// The input that a failure belongs to; `None` for one of the whole form.
fn input_of(error: &UiError) -> Option<&'static str> {
    match error {
        UiError::WrongPassword => Some(CURRENT),
        UiError::Invalid { field, .. } => match field {
            Field::NewPassword => Some(NEW),
            Field::RepeatedPassword => Some(REPEATED),
            _ => None,
        },
        _ => None,
    }
}

/// The form with the current password and the new one twice.
#[component]
pub fn PasswordPage() -> impl IntoView {
    let language = use_language();
    let action = ServerAction::<ChangePassword>::new();
    let failure = move || action.value().get().and_then(Result::err);
    let error_of = move |input: &'static str| {
        Signal::derive(move || {
            let error = failure().filter(|error| input_of(error) == Some(input))?;
            Some(describe(&error, language.get()))
        })
    };
    let hint = move || {
        let min = &MIN_PASSWORD_CHARS;
        password::NewHint { min }.fill(language.get())
    };
    view! {
        <section class="card narrow">
            <p class="lead">{t(password::LEAD)}</p>
            <ActionForm action attr:class="form">
                <HiddenUserName />
                {move || {
                    failure()
                        .filter(|error| input_of(error).is_none())
                        .map(|error| view! { <ErrorNotice error /> })
                }}
                <Input
                    id=CURRENT
                    label=t(password::CURRENT)
                    kind="password"
                    autocomplete="current-password"
                    required=true
                    error=error_of(CURRENT)
                />
                <Input
                    id=NEW
                    label=t(password::NEW)
                    hint=hint
                    kind="password"
                    autocomplete="new-password"
                    required=true
                    min_length=MIN_PASSWORD_CHARS
                    error=error_of(NEW)
                />
                <Input
                    id=REPEATED
                    label=t(password::REPEATED)
                    kind="password"
                    autocomplete="new-password"
                    required=true
                    error=error_of(REPEATED)
                />
                <Button variant=ButtonVariant::Primary submit=true loading=action.pending()>
                    {t(password::SUBMIT)}
                </Button>
            </ActionForm>
        </section>
    }
}
