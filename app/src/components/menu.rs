//! A button that opens a short list of choices.

use super::{Icon, IconName};
use leptos::{ev, html, prelude::*, text_prop::TextProp};
use wasm_bindgen::JsCast;

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
    let open = RwSignal::new(false);
    let (root, button) = (NodeRef::<html::Div>::new(), NodeRef::<html::Button>::new());
    // Choosing an entry may take the menu off the page, and so what belongs to it.
    let close = move || {
        let _ = open.try_set(false);
        if let Some(button) = button.try_get_untracked().flatten() {
            let _ = button.focus();
        }
    };
    Effect::new(move || {
        if open.get() {
            request_animation_frame(move || move_focus(root, 0));
        }
    });
    let on_keydown = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Escape" if open.get_untracked() => {
            event.stop_propagation();
            close();
        }
        "ArrowDown" | "ArrowUp" if open.get_untracked() => {
            event.prevent_default();
            move_focus(root, if event.key() == "ArrowDown" { 1 } else { -1 });
        }
        _ => {}
    };
    let on_focusout = move |event: ev::FocusEvent| {
        let to = event
            .related_target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        // Also fires while a focused menu goes from the page; then there is no root any more.
        let root = root.try_get_untracked().flatten();
        let leaves = |root: web_sys::HtmlDivElement| to.is_some() && !root.contains(to.as_ref());
        if root.is_some_and(leaves) {
            open.set(false);
        }
    };
    let title = label.clone();
    let items = StoredValue::new(items);
    view! {
        <div class="menu" node_ref=root on:keydown=on_keydown on:focusout=on_focusout>
            <button
                node_ref=button
                type="button"
                class="icon-button"
                aria-haspopup="menu"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-label=move || label.get()
                title=move || title.get()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {move || view! { <Icon name=icon.get() size=20 /> }}
            </button>
            <Show when=move || open.get()>
                <div class="menu__backdrop" aria-hidden="true" on:click=move |_| open.set(false)></div>
                <div class="menu__list" role="menu">
                    {items
                        .get_value()
                        .into_iter()
                        .map(|item| view! { <MenuEntry item on_close=close /> })
                        .collect_view()}
                </div>
            </Show>
        </div>
    }
}

#[component]
fn MenuEntry(item: MenuItem, on_close: impl Fn() + 'static) -> impl IntoView {
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
                on_close();
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

/// Focuses the entry `step` away from the focused one, around the ends; the first (or ticked) one
/// when none has the focus.
fn move_focus(root: NodeRef<html::Div>, step: i32) {
    let Some(root) = root.get_untracked() else {
        return;
    };
    let Ok(found) = root.query_selector_all(".menu__item") else {
        return;
    };
    let items: Vec<web_sys::HtmlElement> = (0..found.length())
        .filter_map(|i| found.item(i)?.dyn_into().ok())
        .collect();
    let active = document().active_element();
    let current = items
        .iter()
        .position(|item| Some(item.as_ref()) == active.as_ref());
    let ticked = || {
        let is_ticked = |item: &web_sys::HtmlElement| {
            item.get_attribute("aria-checked").as_deref() == Some("true")
        };
        items.iter().position(is_ticked).unwrap_or(0)
    };
    let count = i32::try_from(items.len()).unwrap_or(0).max(1);
    let next = match current.and_then(|index| i32::try_from(index).ok()) {
        Some(index) => usize::try_from((index + step).rem_euclid(count)).unwrap_or(0),
        None => ticked(),
    };
    if let Some(item) = items.get(next) {
        let _ = item.focus();
    }
}
