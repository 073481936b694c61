//! Both languages, switched without a reload.
//!
//! The texts live in `locales/{en,zh}/<area>.json`; `build.rs` turns each key into a constant
//! (`accounts.title` is [`text::accounts::TITLE`]), so a key that is used and missing does not
//! compile and an unused one costs nothing in the browser. In a view: `{t(text::accounts::TITLE)}`;
//! with values: `lang.get()` read inside a closure and [`Text::fill`] or [`Plural::fill`].

#[cfg(test)]
mod catalog;
mod language;

pub use language::{Language, Plural, Text};
use leptos::prelude::*;

/// One module per locale file, one constant per key.
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
