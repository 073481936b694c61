//! Every text of the pages in every language, switched without a reload.
//!
//! The texts live in `locales/<language>/<area>.json`; `build.rs` turns each key into an item: a
//! constant ([`text::accounts::TITLE`]), or a struct of its values when it has placeholders
//! (`text::common::PageRange { first: &1, last: &50, total: &312 }.fill(language)`). So a key or a
//! placeholder that does not exist does not compile, and one that is not used is reported as dead
//! code. In a view: `{t(text::accounts::TITLE)}`; with values, read `language.get()` inside a closure.

#[cfg(test)]
mod catalog;
mod language;

pub use language::{Language, Plural, Text};
use leptos::prelude::*;

/// One module per locale file, one item per key.
pub mod text {
    include!(concat!(env!("OUT_DIR"), "/text.rs"));
}

/// The current language, for code that also switches it. Provided by `App`.
#[must_use]
pub fn use_language() -> RwSignal<Language> {
    use_context().unwrap_or_else(|| RwSignal::new(Language::English))
}

/// A text that follows the language: `view! { <h1>{t(text::login::TITLE)}</h1> }`.
pub fn t(text: Text) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
    let language = use_language();
    move || text.get(language.get())
}
