//! What can be done with the ticked items.

use super::{deletion::Doomed, state::Media};
use crate::{
    components::{Button, ButtonVariant, IconButton, IconName},
    i18n::{t, text::media as text, use_language},
    pages::accounts::Selection,
};
use leptos::prelude::*;

/// Appears while items are ticked.
#[component]
pub(super) fn SelectionBar(state: Media) -> impl IntoView {
    let language = use_language();
    let count = Memo::new(move |_| state.selection.with(Selection::len));
    let delete = move |_| {
        let ids = state.selection.with_untracked(Selection::ids);
        state.doomed.set(Some(Doomed::Chosen(ids)));
    };
    let said = move || text::SELECTED.fill(language.get(), count.get() as u64);
    view! {
        // Here before there is something to tell, or it is not told.
        <p class="visually-hidden" role="status">
            {move || (count.get() > 0).then(said)}
        </p>
        <Show when=move || { count.get() > 0 }>
            <div class="bulk" role="toolbar" aria-label=t(text::BULK)>
                <span class="bulk__count" aria-hidden="true">
                    {said}
                </span>
                <Button variant=ButtonVariant::Danger icon=IconName::Trash2 on:click=delete>
                    {t(text::DELETE)}
                </Button>
                <IconButton
                    icon=IconName::X
                    label=t(text::SELECT_NONE)
                    on:click=move |_| state.selection.update(Selection::clear)
                />
            </div>
        </Show>
    }
}
