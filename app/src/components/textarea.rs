//! Text fields of several lines.

use super::{Field, described_by};
use leptos::{prelude::*, text_prop::TextProp};

/// A labelled text field of several lines, bound to `value`.
#[component]
pub fn Textarea(
    id: &'static str,
    #[prop(into)] label: TextProp,
    #[prop(optional, into)] hint: Option<TextProp>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    value: RwSignal<String>,
    #[prop(optional, into)] placeholder: Option<TextProp>,
    #[prop(default = 6)] rows: u16,
    /// Shows the text in the mono font, without line wrapping or spell checking.
    #[prop(optional)]
    mono: bool,
) -> impl IntoView {
    view! {
        <Field id label hint=hint.unwrap_or_default() error>
            <textarea
                class="input textarea"
                class:textarea--mono=mono
                id=id
                rows=rows
                placeholder=move || placeholder.as_ref().map(TextProp::get)
                spellcheck=if mono { "false" } else { "true" }
                autocomplete="off"
                aria-describedby=described_by(id)
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
        </Field>
    }
}
