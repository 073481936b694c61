//! The search field above a list.

use super::{Icon, IconName};
use leptos::{prelude::*, text_prop::TextProp};

/// A search field bound to `value`. Escape empties it.
#[component]
pub fn SearchInput(
    id: &'static str,
    #[prop(into)] label: TextProp,
    value: RwSignal<String>,
) -> impl IntoView {
    let placeholder = label.clone();
    view! {
        <div class="search" role="search">
            <Icon name=IconName::Search />
            <input
                class="input search__input"
                id=id
                type="search"
                autocomplete="off"
                aria-label=move || label.get()
                placeholder=move || placeholder.get()
                prop:value=value
                on:input=move |event| value.set(event_target_value(&event))
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        value.set(String::new());
                    }
                }
            />
        </div>
    }
}
