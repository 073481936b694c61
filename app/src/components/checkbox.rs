//! Tick boxes.

use leptos::{prelude::*, text_prop::TextProp};

/// A tick box without visible text; `label` is its accessible name. The owner of the state handles
/// `on:click` (which carries the shift key) or `on:change`.
#[component]
pub fn Checkbox(
    #[prop(into)] label: TextProp,
    #[prop(into)] checked: Signal<bool>,
    /// Some but not all of what it stands for is ticked.
    #[prop(optional, into)]
    mixed: Signal<bool>,
) -> impl IntoView {
    view! {
        <input
            class="checkbox"
            type="checkbox"
            aria-label=move || label.get()
            prop:checked=checked
            prop:indeterminate=mixed
        />
    }
}
