//! A button that opens a short list of choices.

use super::{Icon, IconName, Popover, PopoverKind, popover::close};
use leptos::{html, prelude::*, text_prop::TextProp};

/// One entry of a [`Menu`].
#[derive(Clone)]
pub struct MenuItem {
    pub label: TextProp,
    pub icon: Option<IconName>,
    /// Ticked: the choice that is in force.
    pub checked: Option<Signal<bool>>,
    pub on_choose: Callback<()>,
}

/// An icon button with a menu below it. Arrows move, Escape and leaving close it.
///
/// Server-side rendering: closed.
#[component]
pub fn Menu(
    #[prop(into)] label: TextProp,
    #[prop(into)] icon: Signal<IconName>,
    items: Vec<MenuItem>,
) -> impl IntoView {
    let (open, button) = (RwSignal::new(false), NodeRef::<html::Button>::new());
    let trigger = move || move || view! { <Icon name=icon.get() size=20 /> };
    let items = StoredValue::new(items);
    view! {
        <Popover
            open
            kind=PopoverKind::Menu
            label
            button_class="icon-button"
            button
            trigger=trigger.into()
        >
            {items
                .get_value()
                .into_iter()
                .map(|item| view! { <MenuEntry item open button /> })
                .collect_view()}
        </Popover>
    }
}

#[component]
fn MenuEntry(item: MenuItem, open: RwSignal<bool>, button: NodeRef<html::Button>) -> impl IntoView {
    let checked = item.checked;
    view! {
        <button
            type="button"
            class="menu__item"
            role=if checked.is_some() { "menuitemradio" } else { "menuitem" }
            aria-checked=move || checked.map(|c| if c.get() { "true" } else { "false" })
            tabindex="-1"
            on:click=move |_| {
                item.on_choose.run(());
                close(open, button);
            }
        >
            {item.icon.map(|name| view! { <Icon name /> })}
            <span class="menu__label">{move || item.label.get()}</span>
            {move || {
                checked.is_some_and(|c| c.get()).then(|| view! { <Icon name=IconName::Check /> })
            }}
        </button>
    }
}
