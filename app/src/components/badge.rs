//! Small labels and state dots.

use leptos::prelude::*;

/// The meaning of a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    Accent,
    Success,
    Warning,
    Danger,
    Info,
}

impl Tone {
    /// The suffix of CSS classes, for example `success`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Accent => "accent",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
            Self::Info => "info",
        }
    }
}

/// A small label in a tinted box.
#[component]
pub fn Badge(#[prop(optional)] tone: Tone, children: Children) -> impl IntoView {
    view! { <span class=format!("badge tone-{}", tone.name())>{children()}</span> }
}

/// A coloured dot; the text beside it says the same.
#[component]
pub fn StatusDot(#[prop(into)] tone: Signal<Tone>) -> impl IntoView {
    view! {
        <span
            class=move || format!("status-dot tone-{}", tone.get().name())
            aria-hidden="true"
        ></span>
    }
}
