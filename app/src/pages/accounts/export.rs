//! Accounts with their cookies, as a file.

use super::actions::Chosen;
use crate::{
    browser::download::save_answer,
    components::{Button, ButtonVariant, Dialog, IconName, Notice, Tone, use_toaster},
    dto::{AccountChoice, ExportFormat},
    i18n::{
        Text, t,
        text::{accounts, common},
        use_language,
    },
    reactive::use_open,
};
use leptos::prelude::*;
use serde_json::json;

const PATH: &str = "/v1/admin/tokens/export";

/// Asks before the accounts in `exporting` are written.
#[component]
pub(super) fn ExportDialog(exporting: RwSignal<Option<Chosen>>) -> impl IntoView {
    let open = use_open(exporting);
    view! {
        <Dialog open title=t(accounts::EXPORT_TITLE)>
            <ExportForm exporting />
        </Dialog>
    }
}

/// As the admin API names them.
fn body(choice: &AccountChoice, format: ExportFormat) -> String {
    match choice {
        AccountChoice::Ids(ids) => json!({"ids": ids, "format": format}),
        AccountChoice::Found(filter) => json!({"filter": filter, "format": format}),
    }
    .to_string()
}

const fn file_name(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Text => "accounts.txt",
        ExportFormat::Json => "token.json",
    }
}

#[component]
fn ExportForm(exporting: RwSignal<Option<Chosen>>) -> impl IntoView {
    let (toaster, language) = (use_toaster(), use_language());
    let format = RwSignal::new(ExportFormat::Text);
    let write = Action::new_local(move |(): &()| {
        let (chosen, format) = (exporting.get_untracked(), format.get_untracked());
        async move {
            let Some(chosen) = chosen else { return };
            match save_answer(PATH, &body(&chosen.choice, format), file_name(format)).await {
                Ok(()) => toaster.success(accounts::EXPORTED.get(language.get_untracked())),
                Err(error) => toaster.error(&error),
            }
            let _ = exporting.try_set(None);
        }
    });
    let count = exporting.with_untracked(|chosen| chosen.as_ref().map_or(0, |chosen| chosen.count));
    let said = move || accounts::EXPORT_COUNT.fill(language.get(), count);
    let choice = move |value: ExportFormat, label: Text| {
        view! {
            <label class="segment">
                <input
                    class="segment__control"
                    type="radio"
                    name="format"
                    prop:checked=move || format.get() == value
                    on:change=move |_| format.set(value)
                />
                <span class="segment__label">{t(label)}</span>
            </label>
        }
    };
    view! {
        <div class="form">
            <p>{said}</p>
            <Notice tone=Tone::Warning>{t(accounts::EXPORT_WARNING)}</Notice>
            <fieldset class="segments">
                <legend class="field__label">{t(accounts::EXPORT_FORMAT)}</legend>
                {choice(ExportFormat::Text, accounts::EXPORT_TEXT)}
                {choice(ExportFormat::Json, accounts::EXPORT_JSON)}
            </fieldset>
            <footer class="modal__foot">
                <Button on:click=move |_| exporting.set(None)>{t(common::CANCEL)}</Button>
                <Button
                    variant=ButtonVariant::Primary
                    icon=IconName::Download
                    loading=write.pending()
                    on:click=move |_| _ = write.dispatch_local(())
                >
                    {t(accounts::EXPORT)}
                </Button>
            </footer>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::AccountFilter;

    #[test]
    fn what_is_exported_is_said_as_the_api_understands_it() {
        let ids = body(&AccountChoice::Ids(vec!["a".into()]), ExportFormat::Json);
        assert_eq!(ids, r#"{"format":"json","ids":["a"]}"#);
        let found = body(
            &AccountChoice::Found(AccountFilter::default()),
            ExportFormat::Text,
        );
        assert!(found.contains(r#""filter":{"#) && found.contains(r#""format":"text""#));
    }
}
