//! What can be done with the chosen pictures.

use super::{lightbox::Lightbox, selection::Selection};
use crate::{
    components::{Button, ButtonVariant, Dialog, ErrorNotice, Icon, IconButton, IconName},
    i18n::{
        t,
        text::{common, imagine as text, making},
        use_language,
    },
    limits::MAX_CHOSEN_MEDIA,
};
use leptos::prelude::*;

/// A bar over the gallery while something is chosen.
#[component]
pub(super) fn SelectionBar() -> impl IntoView {
    let selection: Selection = expect_context();
    let language = use_language();
    let is_shown = Memo::new(move |_| !selection.is_empty());
    let count = move || text::SELECTED.fill(language.get(), selection.len() as u64);
    view! {
        // Here before there is something to tell, or it is not told.
        <p class="visually-hidden" role="status">
            {move || is_shown.get().then(count)}
        </p>
        <Show when=move || is_shown.get()>
            <div class="selection" role="group" aria-label=t(text::SELECTION)>
                <span class="selection__count" aria-hidden="true">
                    {count}
                </span>
                <Button
                    variant=ButtonVariant::Ghost
                    loading=Signal::derive(move || selection.is_gathering())
                    attr:title=t(text::SELECT_ALL_KEYS)
                    on:click=move |_| selection.select_all()
                >
                    {t(text::SELECT_ALL)}
                </Button>
                <Zip />
                <Button
                    variant=ButtonVariant::Ghost
                    icon=IconName::Trash2
                    on:click=move |_| selection.ask_to_delete()
                >
                    {t(making::DELETE)}
                </Button>
                <IconButton
                    icon=IconName::X
                    label=t(text::SELECT_NONE)
                    on:click=move |_| selection.clear()
                />
            </div>
        </Show>
        <Confirm />
    }
}

/// A form, so that the browser writes the archive to the disk while it comes.
#[component]
fn Zip() -> impl IntoView {
    let selection: Selection = expect_context();
    let language = use_language();
    let is_too_many = move || selection.len() > MAX_CHOSEN_MEDIA;
    let ids = move || match is_too_many() {
        true => Vec::new(),
        false => selection.ids(),
    };
    let title = move || {
        let max = &MAX_CHOSEN_MEDIA;
        is_too_many().then(|| text::ZipLimit { max }.fill(language.get()))
    };
    view! {
        <form method="post" action="/v1/public/media/zip" title=title>
            <For each=ids key=String::clone let:id>
                <input type="hidden" name="ids" value=id />
            </For>
            <button
                type="submit"
                class="button button--ghost"
                disabled=is_too_many
            >
                <Icon name=IconName::Download />
                <span class="button__label">{t(text::ZIP)}</span>
            </button>
        </form>
    }
}

/// Asks before pictures are deleted: they do not come back.
#[component]
fn Confirm() -> impl IntoView {
    let (selection, lightbox): (Selection, Lightbox) = (expect_context(), expect_context());
    let language = use_language();
    let open = selection.asking();
    view! {
        <Dialog open title=t(text::DELETE_TITLE)>
            <p>{move || text::DELETE_TEXT.fill(language.get(), selection.condemned() as u64)}</p>
            {move || selection.problem().map(|error| view! { <ErrorNotice error /> })}
            <div class="modal__foot">
                <Button on:click=move |_| open.set(false)>{t(common::CANCEL)}</Button>
                <Button
                    variant=ButtonVariant::Danger
                    loading=Signal::derive(move || selection.is_deleting())
                    on:click=move |_| selection.delete(lightbox)
                >
                    {t(making::DELETE)}
                </Button>
            </div>
        </Dialog>
    }
}
