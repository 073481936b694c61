//! Filter tabs above a list.

use crate::words::group;
use leptos::{prelude::*, text_prop::TextProp};

/// One tab: its value, label and an optional count.
#[derive(Clone)]
pub struct Tab<T> {
    pub value: T,
    pub label: TextProp,
    pub count: Option<Signal<u32>>,
    /// It is not shown while it counts nothing, unless it is the chosen one.
    pub hides_empty: bool,
}

/// A row of toggle buttons of which one is chosen. They filter what follows rather than swap panels,
/// hence buttons in a group and not `role="tab"`.
#[component]
pub fn Tabs<T>(
    #[prop(into)] label: TextProp,
    value: RwSignal<T>,
    tabs: Vec<Tab<T>>,
) -> impl IntoView
where
    T: Copy + PartialEq + Send + Sync + 'static,
{
    let tabs = tabs
        .into_iter()
        .map(|tab| {
            let pressed = move || value.get() == tab.value;
            let is_empty = move || tab.count.is_some_and(|count| count.get() == 0);
            view! {
                <button
                    type="button"
                    class="tab"
                    class:is-active=pressed
                    hidden=move || tab.hides_empty && is_empty() && !pressed()
                    aria-pressed=move || if pressed() { "true" } else { "false" }
                    on:click=move |_| value.set(tab.value)
                >
                    {move || tab.label.get()}
                    {tab
                        .count
                        .map(|count| view! { <span class="tab__count">{move || group(count.get().into())}</span> })}
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="tabs" role="group" aria-label=move || label.get()>
            {tabs}
        </div>
    }
}
