//! One-line text fields.

use super::{Field, described_by};
use leptos::{prelude::*, text_prop::TextProp};

/// A labelled one-line text field. With `value` it is bound both ways; without, the form reads it.
#[component]
pub fn Input(
    id: &'static str,
    /// The form field's name; the id when left out.
    #[prop(optional)]
    name: Option<&'static str>,
    #[prop(into)] label: TextProp,
    #[prop(optional, into)] hint: Option<TextProp>,
    #[prop(optional, into)] error: Signal<Option<String>>,
    #[prop(optional)] value: Option<RwSignal<String>>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional, into)] placeholder: Option<TextProp>,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
    #[prop(optional)] min_length: Option<u16>,
) -> impl IntoView {
    view! {
        <Field id label hint=hint.unwrap_or_default() error>
            <input
                class="input"
                id=id
                name=name.unwrap_or(id)
                type=kind
                autocomplete=autocomplete
                placeholder=move || placeholder.as_ref().map(TextProp::get)
                required=required
                autofocus=autofocus
                minlength=min_length
                aria-describedby=described_by(id)
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                prop:value=move || value.map(|value| value.get())
                on:input=move |event| {
                    if let Some(value) = value {
                        value.set(event_target_value(&event));
                    }
                }
            />
        </Field>
    }
}
