//! The label, hint and error around a form control.

use leptos::{prelude::*, text_prop::TextProp};

/// Wraps one control. The control must have `id` and should say
/// `aria-describedby` through [`described_by`].
#[component]
pub fn Field(
    id: &'static str,
    #[prop(into)] label: TextProp,
    #[prop(optional, into)] hint: Option<TextProp>,
    /// Shown and announced when not empty.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field">
            <label class="field__label" for=id>
                {move || label.get()}
            </label>
            {children()}
            {hint
                .map(|hint| {
                    view! {
                        <p class="field__hint" id=format!("{id}-hint")>
                            {move || Some(hint.get()).filter(|hint| !hint.is_empty())}
                        </p>
                    }
                })}
            <p class="field__error" id=format!("{id}-error") role="alert">
                {move || error.get()}
            </p>
        </div>
    }
}

/// The `aria-describedby` of a control inside a [`Field`] with this id.
#[must_use]
pub fn described_by(id: &str) -> String {
    format!("{id}-hint {id}-error")
}
