//! Modal boxes: a dialog in the middle, a sheet from the left and a drawer from the right.

use super::{IconButton, IconName};
use crate::{
    browser::back::close_on_back,
    i18n::{t, text::common},
};
use leptos::{html, prelude::*, text_prop::TextProp};

/// A modal dialog with a title and a close button.
///
/// The browser's own `<dialog>` traps the focus, closes on Escape and returns the focus. The
/// children exist only while it is open, so their state starts again each time.
///
/// Server-side rendering: closed.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: TextProp,
    children: ChildrenFn,
) -> impl IntoView {
    view! {
        <Modal open class="dialog" title>
            {children()}
        </Modal>
    }
}

/// As [`Dialog`], sliding in from the left edge: navigation on phones.
#[component]
pub fn Sheet(
    open: RwSignal<bool>,
    #[prop(into)] title: TextProp,
    children: ChildrenFn,
) -> impl IntoView {
    view! {
        <Modal open class="sheet" title>
            {children()}
        </Modal>
    }
}

/// As [`Dialog`], at the right edge and as high as the window: one thing of a list, in full. Where it
/// covers the page, the browser's Back closes it.
#[component]
pub fn Drawer(
    open: RwSignal<bool>,
    #[prop(into)] title: TextProp,
    children: ChildrenFn,
) -> impl IntoView {
    close_on_back(open);
    view! {
        <Modal open class="sheet drawer" title>
            {children()}
        </Modal>
    }
}

#[component]
fn Modal(
    open: RwSignal<bool>,
    class: &'static str,
    title: TextProp,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = node.get() else { return };
        if open.get() && !dialog.open() {
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let name = title.clone();
    // A press on the backdrop has the dialog itself as its target.
    let close_on_backdrop = move |event: leptos::ev::MouseEvent| {
        let dialog = node.get_untracked();
        if dialog.is_some_and(|dialog| event.target().as_ref() == Some(dialog.as_ref())) {
            open.set(false);
        }
    };
    view! {
        <dialog
            node_ref=node
            class=class
            aria-label=move || name.get()
            on:close=move |_| open.set(false)
            on:mousedown=close_on_backdrop
        >
            <Show when=move || open.get()>
                <div class="modal">
                    <header class="modal__head">
                        <h2 class="modal__title">{title.get()}</h2>
                        <IconButton
                            icon=IconName::X
                            label=t(common::CLOSE)
                            on:click=move |_| open.set(false)
                        />
                    </header>
                    {children()}
                </div>
            </Show>
        </dialog>
    }
}
