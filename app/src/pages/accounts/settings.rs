//! The question before the settings of accounts at Grok are made.

use super::{actions::Chosen, jobs::Jobs, state::Accounts};
use crate::{
    components::{Button, ButtonVariant, Dialog},
    dto::JobKind,
    i18n::{
        t,
        text::{accounts, common},
        use_language,
    },
    reactive::use_open,
};
use leptos::prelude::*;

/// Says what would be done with the accounts in `settling`, and does it.
#[component]
pub(super) fn SettingsQuestion(
    settling: RwSignal<Option<Chosen>>,
    state: Accounts,
    jobs: Jobs,
) -> impl IntoView {
    let open = use_open(settling);
    let language = use_language();
    let count = move || settling.with(|chosen| chosen.as_ref().map_or(0, |chosen| chosen.count));
    let question = move || accounts::SETTINGS_TEXT.fill(language.get(), count());
    let go_on = move |_| {
        let chosen = settling.get_untracked();
        settling.set(None);
        if let Some(chosen) = chosen {
            jobs.start(JobKind::AccountSettings, chosen.choice);
            state.untick();
        }
    };
    view! {
        <Dialog open title=t(accounts::SETTINGS)>
            <div class="form">
                <p>{question}</p>
                <ol class="steps">
                    <li>{t(accounts::SETTINGS_TERMS)}</li>
                    <li>{t(accounts::SETTINGS_BIRTH_DATE)}</li>
                    <li>{t(accounts::SETTINGS_ADULT)}</li>
                </ol>
                <p class="muted">{t(accounts::SETTINGS_TAG)}</p>
                <footer class="modal__foot">
                    <Button on:click=move |_| settling.set(None)>{t(common::CANCEL)}</Button>
                    <Button variant=ButtonVariant::Primary on:click=go_on>
                        {t(accounts::SETTINGS_GO)}
                    </Button>
                </footer>
            </div>
        </Dialog>
    }
}
