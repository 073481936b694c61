//! Files of the next question and of those already asked.

use super::{history::AttachmentRef, room::Room};
use crate::{
    browser::{files::read_data_uri, page},
    components::{Icon, IconName},
    i18n::{Language, text::chat as text, use_language},
};
use leptos::{prelude::*, task::spawn_local};

/// Files of one message.
const MAX_FILES: usize = 8;
/// Of one file.
const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024;

/// The question that is being written.
#[derive(Clone, Copy, Default)]
pub(super) struct Draft {
    pub(super) text: RwSignal<String>,
    pub(super) files: RwSignal<Vec<DraftFile>>,
}

/// A file of a [`Draft`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DraftFile {
    pub(super) file: AttachmentRef,
    /// Data URI; `None` while it is being read.
    pub(super) content: Option<String>,
}

impl Draft {
    /// Whether there is something to send and all of it is there.
    pub(super) fn is_ready(self) -> bool {
        let has_words = self.text.with(|text| !text.trim().is_empty());
        self.files.with(|files| {
            (has_words || !files.is_empty()) && files.iter().all(|file| file.content.is_some())
        })
    }

    fn remove(self, id: &str) {
        self.files
            .try_update(|files| files.retain(|known| known.file.id != id));
    }
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    TooMany,
    TooBig,
    Empty,
}

fn judge(size_bytes: u64, already: usize) -> Result<(), Refusal> {
    match size_bytes {
        _ if already >= MAX_FILES => Err(Refusal::TooMany),
        0 => Err(Refusal::Empty),
        size if size > MAX_FILE_BYTES => Err(Refusal::TooBig),
        _ => Ok(()),
    }
}

fn explain(refusal: Refusal, name: &str, language: Language) -> String {
    let text = match refusal {
        Refusal::TooMany => text::FILE_TOO_MANY,
        Refusal::TooBig => text::FILE_TOO_BIG,
        Refusal::Empty => text::FILE_EMPTY,
    };
    let megabytes = MAX_FILE_BYTES / 1024 / 1024;
    text.fill(
        language,
        &[
            ("name", &name),
            ("files", &MAX_FILES),
            ("megabytes", &megabytes),
        ],
    )
}

/// Takes files that were picked, pasted or dropped into the draft.
pub(super) fn attach(room: Room, files: Vec<web_sys::File>) {
    for file in files {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a byte count"
        )]
        let size_bytes = file.size() as u64;
        let already = room.draft.files.with_untracked(Vec::len);
        if let Err(refusal) = judge(size_bytes, already) {
            room.toaster.error_text(explain(
                refusal,
                &file.name(),
                room.language.get_untracked(),
            ));
            if refusal == Refusal::TooMany {
                return;
            }
            continue;
        }
        let mime = file.type_();
        let mime = if mime.is_empty() {
            "application/octet-stream".to_owned()
        } else {
            mime
        };
        let entry = AttachmentRef {
            id: page::random_id(),
            name: file.name(),
            mime,
            size_bytes,
        };
        read(room, entry, file);
    }
}

fn read(room: Room, entry: AttachmentRef, file: web_sys::File) {
    let id = entry.id.clone();
    room.draft.files.update(|files| {
        files.push(DraftFile {
            file: entry,
            content: None,
        })
    });
    spawn_local(async move {
        let content = read_data_uri(&file).await;
        if content.is_none() {
            let message = text::FILE_UNREADABLE
                .fill(room.language.get_untracked(), &[("name", &file.name())]);
            room.toaster.error_text(message);
            room.draft.remove(&id);
            return;
        }
        room.draft.files.try_update(|files| {
            if let Some(known) = files.iter_mut().find(|known| known.file.id == id) {
                known.content = content;
            }
        });
    });
}

/// The files of the draft, each with a button that takes it away.
#[component]
pub(super) fn DraftFiles() -> impl IntoView {
    let room = Room::expect();
    let files = room.draft.files;
    view! {
        <Show when=move || files.with(|files| !files.is_empty())>
            <ul class="files files--draft">
                <For
                    each=move || files.get()
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
    let room = Room::expect();
    let language = use_language();
    let DraftFile { file, content } = known;
    let (id, name, is_loading) = (file.id.clone(), file.name.clone(), content.is_none());
    let label = move || text::FILE_REMOVE.fill(language.get(), &[("name", &name)]);
    view! {
        <li class="files__item" class:is-loading=is_loading>
            <FileCard file content />
            <button
                type="button"
                class="files__remove"
                aria-label=label
                on:click=move |_| room.draft.remove(&id)
            >
                <Icon name=IconName::X />
            </button>
        </li>
    }
}

/// The files of a question that was asked.
#[component]
pub(super) fn FileRow(files: Vec<AttachmentRef>) -> impl IntoView {
    let room = Room::expect();
    (!files.is_empty()).then(|| {
        let items = files.into_iter().map(|file| {
            let id = file.id.clone();
            let content = Memo::new(move |_| room.files.with(|known| known.get(&id).cloned()));
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
    fn limits_are_twenty_megabytes_and_eight_files() {
        assert_eq!(judge(MAX_FILE_BYTES, 7), Ok(()));
        assert_eq!(judge(MAX_FILE_BYTES + 1, 0), Err(Refusal::TooBig));
        assert_eq!(judge(1, 8), Err(Refusal::TooMany));
        assert_eq!(judge(0, 0), Err(Refusal::Empty));
    }

    #[test]
    fn a_refusal_names_the_file_and_the_limit() {
        let message = explain(Refusal::TooBig, "a.mov", Language::English);
        assert!(
            message.contains("a.mov") && message.contains("20 MB"),
            "{message}"
        );
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(
            [size(812), size(14_400), size(3_400_000)],
            ["812 B", "14 KB", "3.2 MB"]
        );
    }
}
