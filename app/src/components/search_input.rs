//! The search field above a list.

use super::{Icon, IconName};
use crate::browser::early;
use leptos::{prelude::*, text_prop::TextProp};

/// A search field bound to `value`. Escape empties it. What was typed before the code was there is
/// searched for.
#[component]
pub fn SearchInput(
    id: &'static str,
    #[prop(into)] label: TextProp,
    value: RwSignal<String>,
) -> impl IntoView {
    let placeholder = label.clone();
    // What depends on `value` is built as the server did it first.
    let typed = RwSignal::new(early::typed(id));
    Effect::new(move || {
        if let Some(typed_early) = typed.get_untracked() {
            value.set(typed_early);
            typed.set(None);
        }
    });
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
                prop:value=move || typed.get().unwrap_or_else(|| value.get())
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
