//! Pictures of a person's own: which are taken, and how they come to the page.

use crate::{
    browser::files,
    dom,
    i18n::{Language, text::making as text},
};
use leptos::{ev, html, prelude::*};
use web_sys::File;

const MAX_MB: u64 = 50;
/// What the API takes.
const TYPES: &str = "image/png,image/jpeg,image/webp";

/// Why a picture is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Refused {
    Type,
    Size,
}

impl Refused {
    pub(in crate::pages) fn sentence(self, name: &str, language: Language) -> String {
        match self {
            Self::Type => text::ImageType { name: &name }.fill(language),
            Self::Size => text::ImageSize {
                name: &name,
                max: &MAX_MB,
            }
            .fill(language),
        }
    }
}

/// Whether a picture can be taken.
pub(in crate::pages) fn check(file: &File) -> Result<(), Refused> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole bytes"
    )]
    let size_bytes = file.size() as u64;
    check_facts(&file.type_(), size_bytes)
}

fn check_facts(mime: &str, size_bytes: u64) -> Result<(), Refused> {
    if mime.is_empty() || !TYPES.split(',').any(|known| known == mime) {
        Err(Refused::Type)
    } else if size_bytes > MAX_MB * 1024 * 1024 {
        Err(Refused::Size)
    } else {
        Ok(())
    }
}

/// The system's dialog for files, which a click on the hidden `input` opens.
#[component]
pub(in crate::pages) fn ImagePicker(
    input: NodeRef<html::Input>,
    #[prop(into)] label: Signal<&'static str>,
    multiple: bool,
    take: Callback<Vec<File>>,
) -> impl IntoView {
    let on_change = move |_| {
        if let Some(input) = input.get_untracked() {
            take.run(files::listed(input.files()));
            // The same file can be picked again.
            input.set_value("");
        }
    };
    view! {
        <input
            node_ref=input
            type="file"
            accept=TYPES
            multiple=multiple
            hidden
            tabindex="-1"
            aria-label=label
            on:change=on_change
        />
    }
}

/// What a page does with files that are dragged over it.
#[derive(Clone, Copy)]
pub(super) struct Drop {
    take: Callback<Vec<File>>,
    /// Some are held over the page now.
    pub(super) is_over: RwSignal<bool>,
}

impl Drop {
    /// `take` gets files that are dropped anywhere on the page or pasted.
    pub(super) fn new(take: Callback<Vec<File>>) -> Self {
        Effect::new(move || {
            let paste = window_event_listener(ev::paste, move |event| {
                if dom::has_modal() {
                    return;
                }
                let pasted = files::pasted(&event);
                if !pasted.is_empty() {
                    event.prevent_default();
                    take.run(pasted);
                }
            });
            on_cleanup(move || paste.remove());
        });
        Self {
            take,
            is_over: RwSignal::new(false),
        }
    }

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
            self.take.run(dropped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_checked_before_they_are_sent() {
        const MB: u64 = 1024 * 1024;
        for good in ["image/png", "image/jpeg", "image/webp"] {
            assert_eq!(check_facts(good, 50 * MB), Ok(()));
        }
        for bad in [
            "",
            "image/gif",
            "image",
            "text/html",
            "image/png,image/jpeg",
        ] {
            assert_eq!(check_facts(bad, 1), Err(Refused::Type), "{bad}");
        }
        assert_eq!(check_facts("image/png", 50 * MB + 1), Err(Refused::Size));
    }
}
