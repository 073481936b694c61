//! What can be done with the ticked rows.

use super::state::{Accounts, Writes};
use crate::{
    components::{Button, ButtonVariant, IconButton, IconName},
    i18n::{t, text::accounts, use_language},
};
use leptos::prelude::*;

/// Appears while rows are ticked.
#[component]
pub(super) fn BulkBar(state: Accounts, writes: Writes) -> impl IntoView {
    let language = use_language();
    let count = Memo::new(move |_| state.selection.with(super::selection::Selection::len));
    let any_ticked = move || count.get() > 0;
    let ids = move || {
        state
            .selection
            .with_untracked(super::selection::Selection::ids)
    };
    let busy =
        Signal::derive(move || writes.set_enabled.pending().get() || writes.delete.pending().get());
    let said = move || accounts::SELECTED.fill(language.get(), count.get() as u64);
    view! {
        // Here before there is something to tell, or it is not told.
        <p class="visually-hidden" role="status">
            {move || (count.get() > 0).then(said)}
        </p>
        <Show when=any_ticked>
            <div class="bulk" role="toolbar" aria-label=t(accounts::BULK)>
                <span class="bulk__count" aria-hidden="true">
                    {said}
                </span>
                <Button
                    icon=IconName::Power
                    disabled=busy
                    on:click=move |_| _ = writes.set_enabled.dispatch_local((ids(), true))
                >
                    {t(accounts::ENABLE)}
                </Button>
                <Button
                    icon=IconName::PowerOff
                    disabled=busy
                    on:click=move |_| _ = writes.set_enabled.dispatch_local((ids(), false))
                >
                    {t(accounts::DISABLE)}
                </Button>
                <Button
                    variant=ButtonVariant::Danger
                    icon=IconName::Trash2
                    disabled=busy
                    on:click=move |_| _ = writes.delete.dispatch_local(ids())
                >
                    {t(accounts::DELETE)}
                </Button>
                <IconButton
                    icon=IconName::X
                    label=t(accounts::CLEAR)
                    on:click=move |_| state.selection.update(super::selection::Selection::clear)
                />
            </div>
        </Show>
    }
}
