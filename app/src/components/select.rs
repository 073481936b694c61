//! Choosing one of a few values.

use super::{Icon, IconName};
use leptos::{prelude::*, text_prop::TextProp};

/// One entry of a [`Select`].
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub label: TextProp,
}

impl Choice {
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<TextProp>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
        }
    }
}

/// A native drop-down list, bound to `value`.
#[component]
pub fn Select(
    id: &'static str,
    /// The accessible name; shown by the caller when it should be seen.
    #[prop(into)]
    label: TextProp,
    value: RwSignal<String>,
    #[prop(into)] choices: Signal<Vec<Choice>>,
) -> impl IntoView {
    let option = move |Choice { value: key, label }| {
        let selected = key.clone();
        let is_selected = move || value.get() == selected;
        view! {
            <option value=key selected=is_selected.clone() prop:selected=is_selected>
                {move || label.get()}
            </option>
        }
    };
    let options = move || choices.get().into_iter().map(option).collect_view();
    view! {
        <div class="select">
            <select
                class="input select__control"
                id=id
                name=id
                aria-label=move || label.get()
                on:change=move |event| value.set(event_target_value(&event))
            >
                {options}
            </select>
            <Icon name=IconName::ChevronDown />
        </div>
    }
}
