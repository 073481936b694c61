//! The question before many accounts are deleted.

use super::actions::Writes;
use crate::{
    components::{Button, ButtonVariant, Dialog},
    i18n::{
        t,
        text::{accounts, common},
        use_language,
    },
    reactive::use_open,
    words::group,
};
use leptos::prelude::*;

#[component]
pub(super) fn Confirm(writes: Writes) -> impl IntoView {
    let open = use_open(writes.doomed);
    let language = use_language();
    let count = move || {
        let doomed = writes.doomed.get();
        doomed.map_or(0, |doomed| doomed.count)
    };
    let question = move || {
        accounts::DeleteText {
            count: &group(count()),
        }
        .fill(language.get())
    };
    let delete = move |_| {
        let doomed = writes.doomed.get_untracked();
        writes.doomed.set(None);
        if let Some(doomed) = doomed {
            writes.delete.dispatch_local(doomed.choice);
        }
    };
    view! {
        <Dialog open title=t(accounts::DELETE_TITLE)>
            <p>{question}</p>
            <footer class="modal__foot">
                <Button on:click=move |_| writes.doomed.set(None)>{t(common::CANCEL)}</Button>
                <Button variant=ButtonVariant::Danger on:click=delete>
                    {t(accounts::DELETE)}
                </Button>
            </footer>
        </Dialog>
    }
}
