//! Pictures that the next ones are made from.

use super::tile::Picture;
use crate::i18n::{Language, text::imagine as text, use_language};
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::sync::Arc;
use web_sys::{File, Url};

pub(super) const MAX_REFERENCES: usize = 16;
pub(in crate::pages) const MAX_FILE_MB: u64 = 50;
/// What the API takes.
pub(in crate::pages) const FILE_TYPES: &str = "image/png,image/jpeg,image/webp";

/// Where the bytes of a reference are.
#[derive(Clone)]
pub(super) enum Source {
    /// Picked, pasted or dropped. Browser only.
    File(SendWrapper<File>),
    /// A picture of the gallery.
    Picture(Arc<Picture>),
}

#[derive(Clone)]
pub(super) struct Reference {
    pub(super) id: u32,
    /// What an image element can show.
    pub(super) preview: String,
    pub(super) name: String,
    pub(super) source: Source,
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Refused {
    Type,
    Size,
    Count,
}

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct References {
    list: RwSignal<Vec<Reference>>,
    next_id: StoredValue<u32>,
    /// Why a file was not taken, in the person's language.
    problem: RwSignal<Option<String>>,
    language: RwSignal<Language>,
}

impl References {
    pub(super) fn new() -> Self {
        Self {
            list: RwSignal::new(Vec::new()),
            next_id: StoredValue::new(0),
            problem: RwSignal::new(None),
            language: use_language(),
        }
    }

    /// Reactive.
    pub(super) fn list(self) -> Vec<Reference> {
        self.list.get()
    }

    /// Reactive.
    pub(super) fn is_empty(self) -> bool {
        self.list.with(Vec::is_empty)
    }

    /// Reactive.
    pub(super) fn problem(self) -> Option<String> {
        self.problem.get()
    }

    /// Takes those files that can be used, and says what is wrong with the first other one.
    pub(super) fn add_files(self, files: Vec<File>) {
        self.problem.set(None);
        for file in files {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole bytes"
            )]
            let size = file.size() as u64;
            let count = self.list.with_untracked(Vec::len);
            match check(&file.type_(), size, count) {
                Ok(()) => {
                    let Ok(preview) = Url::create_object_url_with_blob(&file) else {
                        continue;
                    };
                    let name = file.name();
                    self.push(preview, name, Source::File(SendWrapper::new(file)));
                }
                Err(refused) => self.refuse(refused, &file.name()),
            }
        }
    }

    pub(super) fn add_picture(self, picture: Arc<Picture>) {
        self.problem.set(None);
        let is_here =
            |one: &Reference| matches!(&one.source, Source::Picture(known) if *known == picture);
        if self.list.with_untracked(|list| list.iter().any(is_here)) {
            return;
        }
        if self.list.with_untracked(Vec::len) >= MAX_REFERENCES {
            self.refuse(Refused::Count, "");
            return;
        }
        let preview = match picture.thumbnail.as_str() {
            "" => picture.address.clone(),
            small => small.to_owned(),
        };
        let name = picture.file_name().to_owned();
        self.push(preview, name, Source::Picture(picture));
    }

    pub(super) fn remove(self, id: u32) {
        self.problem.set(None);
        self.list.update(|list| {
            list.retain(|one| {
                if one.id == id && matches!(one.source, Source::File(_)) {
                    let _ = Url::revoke_object_url(&one.preview);
                }
                one.id != id
            });
        });
    }

    fn push(self, preview: String, name: String, source: Source) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        self.list.update(|list| {
            list.push(Reference {
                id,
                preview,
                name,
                source,
            });
        });
    }

    fn refuse(self, refused: Refused, name: &str) {
        let language = self.language.get_untracked();
        let said = match refused {
            Refused::Type => text::ReferenceType { name: &name }.fill(language),
            Refused::Size => text::ReferenceSize {
                name: &name,
                max: &MAX_FILE_MB,
            }
            .fill(language),
            Refused::Count => text::ReferenceCount {
                max: &MAX_REFERENCES,
            }
            .fill(language),
        };
        self.problem
            .update(|problem| _ = problem.get_or_insert(said));
    }
}

/// Whether a file can be taken beside `count` others.
pub(in crate::pages) fn check(mime: &str, size_bytes: u64, count: usize) -> Result<(), Refused> {
    if mime.is_empty() || !FILE_TYPES.split(',').any(|known| known == mime) {
        Err(Refused::Type)
    } else if size_bytes > MAX_FILE_MB * 1024 * 1024 {
        Err(Refused::Size)
    } else if count >= MAX_REFERENCES {
        Err(Refused::Count)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_checked_before_they_are_sent() {
        const MB: u64 = 1024 * 1024;
        for good in ["image/png", "image/jpeg", "image/webp"] {
            assert_eq!(check(good, 50 * MB, 15), Ok(()));
        }
        for bad in [
            "",
            "image/gif",
            "image",
            "text/html",
            "image/png,image/jpeg",
        ] {
            assert_eq!(check(bad, 1, 0), Err(Refused::Type), "{bad}");
        }
        assert_eq!(check("image/png", 50 * MB + 1, 0), Err(Refused::Size));
        assert_eq!(check("image/png", 1, 16), Err(Refused::Count));
    }
}
