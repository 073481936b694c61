//! Pictures that the next ones are made from.

use super::tile::Picture;
use crate::{
    i18n::{Language, text::imagine as text, use_language},
    pages::making::check,
};
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::sync::Arc;
use web_sys::{File, Url};

pub(super) const MAX_REFERENCES: usize = 16;

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

impl Reference {
    /// The browser keeps a file's preview until it is told not to.
    fn give_back(&self) {
        if matches!(self.source, Source::File(_)) {
            let _ = Url::revoke_object_url(&self.preview);
        }
    }
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
        let list: RwSignal<Vec<Reference>> = RwSignal::new(Vec::new());
        on_cleanup(move || {
            let _ = list.try_with_untracked(|list| list.iter().for_each(Reference::give_back));
        });
        Self {
            list,
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
            if self.is_full() {
                return;
            }
            match check(&file) {
                Ok(()) => {
                    let Ok(preview) = Url::create_object_url_with_blob(&file) else {
                        continue;
                    };
                    let name = file.name();
                    self.push(preview, name, Source::File(SendWrapper::new(file)));
                }
                Err(refused) => {
                    let language = self.language.get_untracked();
                    self.complain(refused.sentence(&file.name(), language));
                }
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
        if self.is_full() {
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
                if one.id == id {
                    one.give_back();
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

    /// Whether there is no place for another one; says so.
    fn is_full(self) -> bool {
        let is_full = self.list.with_untracked(Vec::len) >= MAX_REFERENCES;
        if is_full {
            let max = &MAX_REFERENCES;
            self.complain(text::ReferenceCount { max }.fill(self.language.get_untracked()));
        }
        is_full
    }

    /// The first problem is told.
    fn complain(self, said: String) {
        self.problem
            .update(|problem| _ = problem.get_or_insert(said));
    }
}
