//! The pictures that the next ones are made from, and where they come from.

use super::references::{Reference, References};
use crate::{
    components::{Icon, IconButton, IconName},
    dom,
    i18n::{
        t,
        text::{imagine as text, making},
        use_language,
    },
    pages::making::{ImagePicker, PROMPT_ID},
};
use leptos::{html, prelude::*};

/// The references, each with a button that takes it away, and what is wrong with a refused one.
#[component]
pub(super) fn ReferenceRow() -> impl IntoView {
    let references: References = expect_context();
    view! {
        <Show when=move || !references.is_empty()>
            <ul class="references" aria-label=t(text::REFERENCES)>
                <For each=move || references.list() key=|one| one.id let:reference>
                    <ReferenceItem reference />
                </For>
            </ul>
        </Show>
        <Show when=move || references.problem().is_some()>
            <p class="prompt__problem" role="alert">
                {move || references.problem()}
            </p>
        </Show>
    }
}

#[component]
fn ReferenceItem(reference: Reference) -> impl IntoView {
    let references: References = expect_context();
    let language = use_language();
    let Reference {
        id, preview, name, ..
    } = reference;
    let alt = name.clone();
    let label = move || making::ReferenceRemove { name: &name }.fill(language.get());
    view! {
        <li class="references__item">
            <img class="references__image" src=preview alt=alt />
            <button
                type="button"
                class="references__remove"
                aria-label=label
                on:click=move |_| {
                    references.remove(id);
                    dom::catch_focus(PROMPT_ID);
                }
            >
                <Icon name=IconName::X />
            </button>
        </li>
    }
}

/// Picks files with the system's dialog.
#[component]
pub(super) fn AddReference() -> impl IntoView {
    let references: References = expect_context();
    let input = NodeRef::<html::Input>::new();
    let open = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    view! {
        <IconButton icon=IconName::Paperclip label=t(text::ADD_REFERENCE) on:click=open />
        <ImagePicker
            input
            label=t(text::ADD_REFERENCE)
            multiple=true
            take=Callback::new(move |files| references.add_files(files))
        />
    }
}
