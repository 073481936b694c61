//! A button with a panel below it.

use crate::dom;
use leptos::{ev, html, prelude::*, text_prop::TextProp};
use wasm_bindgen::JsCast;

/// What the panel of a [`Popover`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PopoverKind {
    /// Entries to choose from. Arrows move among them.
    Menu,
    /// Form controls.
    Dialog,
}

impl PopoverKind {
    const fn role(self) -> &'static str {
        match self {
            Self::Menu => "menu",
            Self::Dialog => "dialog",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Menu => "menu",
            Self::Dialog => "popover",
        }
    }

    const fn backdrop_class(self) -> &'static str {
        match self {
            Self::Menu => "menu__backdrop",
            Self::Dialog => "popover__backdrop",
        }
    }

    const fn panel_class(self) -> &'static str {
        match self {
            Self::Menu => "menu__list",
            Self::Dialog => "popover__panel",
        }
    }

    /// What in the panel takes the focus.
    const fn focusable(self) -> &'static str {
        match self {
            Self::Menu => ".menu__item",
            Self::Dialog => "textarea, input, select, button:not(:disabled)",
        }
    }
}

/// Opens and closes a panel, which takes the focus. Escape and a press elsewhere close it, and the focus
/// then returns to the button; so does moving the focus elsewhere, where it stays.
///
/// Server-side rendering: closed.
#[component]
pub fn Popover(
    open: RwSignal<bool>,
    kind: PopoverKind,
    /// Accessible name of the button and of the panel.
    #[prop(into)]
    label: TextProp,
    /// Class of the button.
    button_class: &'static str,
    /// The button, for a caller that closes the panel and returns the focus.
    #[prop(optional)]
    button: NodeRef<html::Button>,
    /// What the button shows.
    trigger: ViewFn,
    children: ChildrenFn,
) -> impl IntoView {
    let (root, panel) = (NodeRef::<html::Div>::new(), NodeRef::<html::Div>::new());
    Effect::new(move || {
        if let Some(panel) = panel.get() {
            dom::move_focus(&panel, kind.focusable(), 0);
        }
    });
    let close = move || close(open, button);
    let on_keydown = move |event: ev::KeyboardEvent| press(&event, kind, open, panel, &close);
    let on_focusout = move |event: ev::FocusEvent| {
        if has_left(&event, root) {
            open.set(false);
        }
    };
    let (name, title) = (label.clone(), label.clone());
    view! {
        <div class=kind.class() node_ref=root on:keydown=on_keydown on:focusout=on_focusout>
            <button
                node_ref=button
                type="button"
                class=button_class
                aria-haspopup=kind.role()
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-label=move || name.get()
                title=move || title.get()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {trigger.run()}
            </button>
            <Show when=move || open.get()>
                <div class=kind.backdrop_class() aria-hidden="true" on:click=move |_| close()></div>
                // A press beside its controls gives it the focus, which so stays inside.
                <div
                    node_ref=panel
                    class=kind.panel_class()
                    role=kind.role()
                    tabindex="-1"
                    aria-label=label.get()
                >
                    {children()}
                </div>
            </Show>
        </div>
    }
}

/// Closes the panel and returns the focus. What was chosen in it may have taken both off the page,
/// and so what belongs to them.
pub(crate) fn close(open: RwSignal<bool>, button: NodeRef<html::Button>) {
    let _ = open.try_set(false);
    if let Some(button) = button.try_get_untracked().flatten() {
        let _ = button.focus();
    }
}

/// What a key does while the panel is open.
fn press(
    event: &ev::KeyboardEvent,
    kind: PopoverKind,
    open: RwSignal<bool>,
    panel: NodeRef<html::Div>,
    close: &impl Fn(),
) {
    if !open.get_untracked() {
        return;
    }
    if event.key() == "Escape" {
        event.prevent_default();
        close();
    } else if kind == PopoverKind::Menu {
        move_by_arrow(event, panel);
    }
}

/// Up and down among the entries of a menu.
fn move_by_arrow(event: &ev::KeyboardEvent, panel: NodeRef<html::Div>) {
    let step = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        _ => return,
    };
    event.prevent_default();
    if let Some(panel) = panel.get_untracked() {
        dom::move_focus(&panel, PopoverKind::Menu.focusable(), step);
    }
}

/// Whether the focus went to something outside.
fn has_left(event: &ev::FocusEvent, root: NodeRef<html::Div>) -> bool {
    let to = event
        .related_target()
        .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    // Also fires while a focused menu goes from the page; then there is no root any more.
    let root = root.try_get_untracked().flatten();
    root.is_some_and(|root| to.is_some() && !root.contains(to.as_ref()))
}
