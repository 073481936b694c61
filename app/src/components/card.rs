//! Bordered boxes, and numbers in them.

use super::{StatusDot, Tone};
use leptos::{prelude::*, text_prop::TextProp};

/// A bordered box.
#[component]
pub fn Card(children: Children) -> impl IntoView {
    view! { <section class="card">{children()}</section> }
}

/// One number with its label, for a row of them.
#[component]
pub fn Stat(
    #[prop(into)] label: TextProp,
    #[prop(into)] value: TextProp,
    /// A quieter line below the number.
    #[prop(optional, into)]
    note: Option<TextProp>,
    #[prop(optional)] tone: Option<Tone>,
) -> impl IntoView {
    view! {
        <div class="stat">
            <dt class="stat__label">
                {tone.map(|tone| view! { <StatusDot tone=Signal::stored(tone) /> })}
                {move || label.get()}
            </dt>
            <dd class="stat__value">{move || value.get()}</dd>
            {note.map(|note| view! { <dd class="stat__note">{move || note.get()}</dd> })}
        </div>
    }
}
