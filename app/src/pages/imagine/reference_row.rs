//! The pictures that the next ones are made from, and where they come from.

use super::references::{FILE_TYPES, Reference, References};
use crate::{
    browser::files,
    components::{Icon, IconButton, IconName},
    i18n::{t, text::imagine as text, use_language},
};
use leptos::{ev, html, prelude::*};

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
    let label = move || text::ReferenceRemove { name: &name }.fill(language.get());
    view! {
        <li class="references__item">
            <img class="references__image" src=preview alt=alt />
            <button
                type="button"
                class="references__remove"
                aria-label=label
                on:click=move |_| references.remove(id)
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
    let picker = NodeRef::<html::Input>::new();
    let open = move |_| {
        if let Some(picker) = picker.get_untracked() {
            picker.click();
        }
    };
    let on_change = move |_| {
        if let Some(picker) = picker.get_untracked() {
            references.add_files(files::listed(picker.files()));
            // The same file can be picked again.
            picker.set_value("");
        }
    };
    view! {
        <IconButton icon=IconName::Paperclip label=t(text::ADD_REFERENCE) on:click=open />
        <input
            node_ref=picker
            type="file"
            accept=FILE_TYPES
            multiple
            hidden
            tabindex="-1"
            aria-label=t(text::ADD_REFERENCE)
            on:change=on_change
        />
    }
}

/// Takes files that are dropped anywhere on the page or pasted. The signal says whether some are held
/// over the page now.
pub(super) fn use_drop() -> Drop {
    let references: References = expect_context();
    let is_over = RwSignal::new(false);
    Effect::new(move || {
        let paste = window_event_listener(ev::paste, move |event| {
            let pasted = files::transferred(event.clipboard_data());
            if !pasted.is_empty() {
                event.prevent_default();
                references.add_files(pasted);
            }
        });
        on_cleanup(move || paste.remove());
    });
    Drop {
        references,
        is_over,
    }
}

/// What a page does with files that are dragged over it.
#[derive(Clone, Copy)]
pub(super) struct Drop {
    references: References,
    pub(super) is_over: RwSignal<bool>,
}

impl Drop {
    pub(super) fn over(self, event: &ev::DragEvent) {
        if files::carries_files(event.data_transfer()) {
            event.prevent_default();
            self.is_over.set(true);
        }
    }

    /// Entering a child leaves the parent first, so only what leaves the window counts.
    pub(super) fn leave(self, event: &ev::DragEvent) {
        if event.related_target().is_none() {
            self.is_over.set(false);
        }
    }

    pub(super) fn take(self, event: &ev::DragEvent) {
        self.is_over.set(false);
        let dropped = files::transferred(event.data_transfer());
        if !dropped.is_empty() {
            event.prevent_default();
            self.references.add_files(dropped);
        }
    }
}
