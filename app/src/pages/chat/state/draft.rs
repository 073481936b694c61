//! The question that is being written.

use super::super::history::AttachmentRef;
use crate::{
    browser::{files::read_data_uri, page},
    components::{Toaster, use_toaster},
    i18n::{Language, text::chat as text, use_language},
    limits::MAX_FILES,
};
use leptos::{prelude::*, task::spawn_local};

/// Of one file.
const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024;

/// Words and files of the next question.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    text: RwSignal<String>,
    files: RwSignal<Vec<DraftFile>>,
    toaster: Toaster,
    language: RwSignal<Language>,
}

/// A file of a [`Draft`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DraftFile {
    pub(crate) file: AttachmentRef,
    /// Data URI; `None` while it is being read.
    pub(crate) content: Option<String>,
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) attachments: Vec<AttachmentRef>,
    /// Contents of new attachments, as data URIs by their id.
    pub(crate) contents: Vec<(String, String)>,
}

impl Draft {
    pub(super) fn new() -> Self {
        Self {
            text: RwSignal::new(String::new()),
            files: RwSignal::new(Vec::new()),
            toaster: use_toaster(),
            language: use_language(),
        }
    }

    pub(crate) fn text(self) -> Signal<String> {
        self.text.into()
    }

    pub(crate) fn write(self, text: String) {
        self.text.set(text);
    }

    /// Reactive.
    pub(crate) fn files(self) -> Vec<DraftFile> {
        self.files.get()
    }

    /// Reactive.
    pub(crate) fn has_files(self) -> bool {
        self.files.with(|files| !files.is_empty())
    }

    /// Whether there is something to send and all of it is there. Reactive.
    pub(crate) fn is_ready(self) -> bool {
        let has_words = self.text.with(|text| !text.trim().is_empty());
        self.files.with(|files| {
            (has_words || !files.is_empty()) && files.iter().all(|file| file.content.is_some())
        })
    }

    /// Empties the draft. Files that are still being read are left out.
    pub(crate) fn take(self) -> Question {
        let text = self.text.get_untracked().trim().to_owned();
        let (attachments, contents) = self
            .files
            .get_untracked()
            .into_iter()
            .filter_map(|known| Some((known.file.clone(), (known.file.id, known.content?))))
            .unzip();
        self.text.set(String::new());
        self.files.set(Vec::new());
        Question {
            text,
            attachments,
            contents,
        }
    }

    /// Takes files that were picked, pasted or dropped; says why one is not taken.
    pub(crate) fn attach(self, files: Vec<web_sys::File>) {
        for file in files {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a byte count"
            )]
            let size_bytes = file.size() as u64;
            let already = self.files.with_untracked(Vec::len);
            if let Err(refusal) = validate(size_bytes, already) {
                let language = self.language.get_untracked();
                self.toaster
                    .error_text(explain(refusal, &file.name(), language));
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
            self.read(entry, file);
        }
    }

    pub(crate) fn remove(self, id: &str) {
        self.files
            .try_update(|files| files.retain(|known| known.file.id != id));
    }

    fn read(self, entry: AttachmentRef, file: web_sys::File) {
        let id = entry.id.clone();
        self.files.update(|files| {
            files.push(DraftFile {
                file: entry,
                content: None,
            })
        });
        spawn_local(async move {
            let content = read_data_uri(&file).await;
            if content.is_none() {
                let name = &file.name();
                let language = self.language.get_untracked();
                self.toaster
                    .error_text(text::FileUnreadable { name }.fill(language));
                self.remove(&id);
                return;
            }
            self.files.try_update(|files| {
                if let Some(known) = files.iter_mut().find(|known| known.file.id == id) {
                    known.content = content;
                }
            });
        });
    }
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    TooMany,
    TooBig,
    Empty,
}

fn validate(size_bytes: u64, already: usize) -> Result<(), Refusal> {
    match size_bytes {
        _ if already >= MAX_FILES => Err(Refusal::TooMany),
        0 => Err(Refusal::Empty),
        size if size > MAX_FILE_BYTES => Err(Refusal::TooBig),
        _ => Ok(()),
    }
}

fn explain(refusal: Refusal, name: &str, language: Language) -> String {
    match refusal {
        Refusal::TooMany => text::FileTooMany { files: &MAX_FILES }.fill(language),
        Refusal::TooBig => {
            let megabytes = &(MAX_FILE_BYTES / 1024 / 1024);
            let name = &name;
            text::FileTooBig { name, megabytes }.fill(language)
        }
        Refusal::Empty => text::FileEmpty { name: &name }.fill(language),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_twenty_megabytes_and_eight_files() {
        assert_eq!(validate(MAX_FILE_BYTES, 7), Ok(()));
        assert_eq!(validate(MAX_FILE_BYTES + 1, 0), Err(Refusal::TooBig));
        assert_eq!(validate(1, 8), Err(Refusal::TooMany));
        assert_eq!(validate(0, 0), Err(Refusal::Empty));
    }

    #[test]
    fn a_refusal_names_the_file_and_the_limit() {
        let message = explain(Refusal::TooBig, "a.mov", Language::English);
        assert!(
            message.contains("a.mov") && message.contains("20 MB"),
            "{message}"
        );
    }
}
