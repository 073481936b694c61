//! Files of the next question and of those already asked.

use super::{
    history::AttachmentRef,
    state::{Draft, DraftFile, OpenConversation},
};
use crate::{
    components::{Icon, IconName},
    i18n::{text::chat as text, use_language},
};
use leptos::prelude::*;

/// The files of the draft, each with a button that takes it away.
#[component]
pub(super) fn DraftFiles() -> impl IntoView {
    let draft: Draft = expect_context();
    view! {
        <Show when=move || draft.has_files()>
            <ul class="files files--draft">
                <For
                    each=move || draft.files()
                    key=|known| (known.file.id.clone(), known.content.is_some())
                    let:known
                >
                    <DraftItem known />
                </For>
            </ul>
        </Show>
    }
}

#[component]
fn DraftItem(known: DraftFile) -> impl IntoView {
    let draft: Draft = expect_context();
    let language = use_language();
    let DraftFile { file, content } = known;
    let (id, name, is_loading) = (file.id.clone(), file.name.clone(), content.is_none());
    let label = move || text::FileRemove { name: &name }.fill(language.get());
    view! {
        <li class="files__item" class:is-loading=is_loading>
            <FileCard file content />
            <button
                type="button"
                class="files__remove"
                aria-label=label
                on:click=move |_| draft.remove(&id)
            >
                <Icon name=IconName::X />
            </button>
        </li>
    }
}

/// The files of a question that was asked.
#[component]
pub(super) fn FileRow(files: Vec<AttachmentRef>) -> impl IntoView {
    let open: OpenConversation = expect_context();
    (!files.is_empty()).then(|| {
        let items = files.into_iter().map(|file| {
            let id = file.id.clone();
            let content = Memo::new(move |_| open.file(&id));
            view! {
                <li class="files__item">
                    {move || {
                        let (file, content) = (file.clone(), content.get());
                        view! { <FileCard file content /> }
                    }}
                </li>
            }
        });
        view! { <ul class="files">{items.collect_view()}</ul> }
    })
}

/// A picture as itself, any other file by name and size.
#[component]
fn FileCard(file: AttachmentRef, content: Option<String>) -> impl IntoView {
    match content {
        Some(content) if file.is_image() => {
            view! { <img class="files__image" src=content alt=file.name /> }.into_any()
        }
        _ => {
            let icon = if file.is_image() {
                IconName::Image
            } else {
                IconName::FileText
            };
            view! {
                <span class="files__card">
                    <Icon name=icon size=20 />
                    <span class="files__name">{file.name}</span>
                    <span class="files__size">{size(file.size_bytes)}</span>
                </span>
            }
            .into_any()
        }
    }
}

/// `812 B`, `14 KB`, `3.2 MB`.
fn size(bytes: u64) -> String {
    const KB: u64 = 1024;
    const MB: u64 = 1024 * KB;
    match bytes {
        0..KB => format!("{bytes} B"),
        KB..MB => format!("{} KB", bytes / KB),
        _ => format!("{}.{} MB", bytes / MB, bytes % MB * 10 / MB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(
            [size(812), size(14_400), size(3_400_000)],
            ["812 B", "14 KB", "3.2 MB"]
        );
    }
}
