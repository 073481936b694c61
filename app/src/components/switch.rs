//! On and off.

use leptos::{prelude::*, text_prop::TextProp};

/// A labelled switch, bound to `checked`.
#[component]
pub fn Switch(#[prop(into)] label: TextProp, checked: RwSignal<bool>) -> impl IntoView {
    view! {
        <label class="switch">
            <input
                class="switch__control"
                type="checkbox"
                role="switch"
                prop:checked=checked
                on:change=move |event| checked.set(event_target_checked(&event))
            />
            <span class="switch__track" aria-hidden="true"></span>
            <span>{move || label.get()}</span>
        </label>
    }
}
