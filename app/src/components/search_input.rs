//! The search field above a list.

use super::{Icon, IconName};
use crate::browser::early;
use leptos::{prelude::*, text_prop::TextProp};

/// Keys that lead to a field.
#[derive(Clone, Copy)]
pub struct Shortcut {
    /// As people write them.
    pub shown: &'static str,
    /// As `aria-keyshortcuts` names them.
    pub spoken: &'static str,
}

/// A search field bound to `value`. Escape empties it. What was typed before the code was there is
/// searched for.
#[component]
pub fn SearchInput(
    id: &'static str,
    #[prop(into)] label: TextProp,
    value: RwSignal<String>,
    /// The keys that lead here, shown where there is a keyboard.
    #[prop(optional)]
    shortcut: Option<Shortcut>,
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
                aria-keyshortcuts=shortcut.map(|keys| keys.spoken)
                placeholder=move || placeholder.get()
                prop:value=move || typed.get().unwrap_or_else(|| value.get())
                on:input=move |event| value.set(event_target_value(&event))
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        value.set(String::new());
                    }
                }
            />
            {shortcut
                .map(|keys| {
                    view! {
                        <kbd class="search__keys" aria-hidden="true">
                            {keys.shown}
                        </kbd>
                    }
                })}
        </div>
    }
}
