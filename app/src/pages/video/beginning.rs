//! What the next video begins with: a picture, or the first picture of a video that it is a remix of.

use crate::{
    dto::VideoItem,
    i18n::{Language, use_language},
    pages::making::check,
};
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::sync::Arc;
use web_sys::{File, Url};

/// What paths of our pictures begin with, and of their small forms.
const PICTURES: &str = "/v1/files/image/";
const THUMBNAILS: &str = "/v1/files/thumbnail/";

/// See the module.
#[derive(Clone)]
pub(super) enum Start {
    /// Picked, pasted or dropped. Browser only.
    File {
        file: SendWrapper<File>,
        preview: String,
    },
    /// A picture of this server, by the path of its file.
    Picture(String),
    /// A picture elsewhere.
    Address(String),
    Remix(Arc<VideoItem>),
}

impl Start {
    /// What an image element of this page can show of it.
    pub(super) fn preview(&self) -> Option<String> {
        match self {
            Self::File { preview, .. } => Some(preview.clone()),
            Self::Picture(path) => Some(path.replacen(PICTURES, THUMBNAILS, 1)),
            Self::Address(_) => None,
            Self::Remix(video) => video.thumbnail.clone(),
        }
    }

    /// The browser keeps a file's preview until it is told not to.
    fn give_back(&self) {
        if let Self::File { preview, .. } = self {
            let _ = Url::revoke_object_url(preview);
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File { file, .. } => file.name(),
            Self::Picture(path) => file_name(path).to_owned(),
            Self::Address(address) => address.clone(),
            Self::Remix(video) => video.prompt.clone(),
        }
    }
}

fn file_name(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// A picture by what a person or a link says: a path of ours, or an address.
pub(super) fn by_address(text: &str) -> Option<Start> {
    let text = text.trim();
    if text
        .strip_prefix(PICTURES)
        .is_some_and(|name| !name.is_empty())
    {
        return Some(Start::Picture(text.to_owned()));
    }
    let rest = text
        .strip_prefix("https://")
        .or(text.strip_prefix("http://"))?;
    let is_address =
        !rest.is_empty() && !rest.starts_with('/') && !text.contains(char::is_whitespace);
    is_address.then(|| Start::Address(text.to_owned()))
}

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct Beginning {
    start: RwSignal<Option<Start>>,
    /// Why a file was not taken, in the person's language.
    problem: RwSignal<Option<String>>,
    language: RwSignal<Language>,
}

impl Beginning {
    pub(super) fn new() -> Self {
        let start: RwSignal<Option<Start>> = RwSignal::new(None);
        on_cleanup(move || {
            let _ = start.try_with_untracked(|start| start.iter().for_each(Start::give_back));
        });
        Self {
            start,
            problem: RwSignal::new(None),
            language: use_language(),
        }
    }

    /// Reactive.
    pub(super) fn get(self) -> Option<Start> {
        self.start.get()
    }

    /// Reactive.
    pub(super) fn is_remix(self) -> bool {
        self.start
            .with(|start| matches!(start, Some(Start::Remix(_))))
    }

    /// Reactive.
    pub(super) fn problem(self) -> Option<String> {
        self.problem.get()
    }

    /// In place of what was there.
    pub(super) fn set(self, start: Option<Start>) {
        self.problem.set(None);
        self.start
            .with_untracked(|start| start.iter().for_each(Start::give_back));
        self.start.set(start);
    }

    /// Takes the first file, or says why it cannot be used.
    pub(super) fn take_file(self, files: Vec<File>) {
        let Some(file) = files.into_iter().next() else {
            return;
        };
        match check(&file) {
            Ok(()) => {
                if let Ok(preview) = Url::create_object_url_with_blob(&file) {
                    let file = SendWrapper::new(file);
                    self.set(Some(Start::File { file, preview }));
                }
            }
            Err(refused) => {
                let language = self.language.get_untracked();
                self.problem
                    .set(Some(refused.sentence(&file.name(), language)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ours_is_a_picture_of_this_server() {
        let path = "/v1/files/image/a.jpg?exp=1&sig=2";
        let Some(start) = by_address(path) else {
            panic!("a picture")
        };
        assert!(matches!(&start, Start::Picture(of) if of == path));
        assert_eq!(start.name(), "a.jpg");
        let small = "/v1/files/thumbnail/a.jpg?exp=1&sig=2";
        assert_eq!(start.preview().as_deref(), Some(small));
    }

    #[test]
    fn only_what_can_be_fetched_is_an_address() {
        let good = " https://example.org/a.png ";
        assert!(matches!(by_address(good), Some(Start::Address(of)) if of == good.trim()));
        for bad in [
            "",
            "a.png",
            "ftp://h/a.png",
            "https://",
            "http:///a",
            "https://h/a b",
            "/v1/files/image/",
        ] {
            assert!(by_address(bad).is_none(), "{bad}");
        }
    }
}
