//! Text to copy: a file or a command, or one value with its name.

use super::CopyButton;
use leptos::{prelude::*, text_prop::TextProp};

/// Code with what it is above it, and a button that copies it.
#[component]
pub fn CodeBlock(
    /// A file's name or another short description.
    #[prop(into)]
    title: TextProp,
    /// What the code is called where its surroundings are not seen.
    #[prop(into)]
    label: TextProp,
    #[prop(into)] code: Signal<String>,
) -> impl IntoView {
    let of = label.clone();
    view! {
        <div class="md-code">
            <div class="md-code-head">
                <span>{move || title.get()}</span>
                <CopyButton text=code of />
            </div>
            // Wide lines are scrolled by keys, too.
            <pre tabindex="0" role="region" aria-label=move || label.get()>
                <code>{code}</code>
            </pre>
        </div>
    }
}

/// A row of a `<dl>`: a name, and a value with a button that copies it.
#[component]
pub fn CodeField(
    #[prop(into)] label: TextProp,
    #[prop(into)] value: Signal<String>,
) -> impl IntoView {
    let of = label.clone();
    view! {
        <div class="code-field">
            <dt class="code-field__label">{move || label.get()}</dt>
            <dd class="code-field__value">
                <code>{value}</code>
                <CopyButton text=value of />
            </dd>
        </div>
    }
}
