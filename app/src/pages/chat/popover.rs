//! A button with a panel below it.

use leptos::{ev, html, prelude::*, text_prop::TextProp};

/// Opens and closes a panel. Escape and a press elsewhere close it; the focus returns to the button.
///
/// Server-side rendering: closed.
#[component]
pub(super) fn Popover(
    open: RwSignal<bool>,
    /// Accessible name of the button and of the panel.
    #[prop(into)]
    label: TextProp,
    /// Class of the button.
    button_class: &'static str,
    /// What the button shows.
    trigger: ViewFn,
    children: ChildrenFn,
) -> impl IntoView {
    let button = NodeRef::<html::Button>::new();
    let panel = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if let Some(panel) = panel.get() {
            let first =
                panel.query_selector("[aria-checked='true'], textarea, input, select, button");
            focus_element(first.ok().flatten());
        }
    });
    let close = move || {
        open.set(false);
        focus_element(
            button
                .get_untracked()
                .map(|button| (*button).clone().into()),
        );
    };
    let on_keydown = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.prevent_default();
            close();
        }
    };
    let (name, title) = (label.clone(), label.clone());
    view! {
        <div class="popover" on:keydown=on_keydown>
            <button
                node_ref=button
                type="button"
                class=button_class
                aria-haspopup="dialog"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-label=move || name.get()
                title=move || title.get()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {trigger.run()}
            </button>
            <Show when=move || open.get()>
                <div class="popover__backdrop" aria-hidden="true" on:click=move |_| close()></div>
                <div node_ref=panel class="popover__panel" role="dialog" aria-label=label.get()>
                    {children()}
                </div>
            </Show>
        </div>
    }
}

fn focus_element(element: Option<web_sys::Element>) {
    use wasm_bindgen::JsCast;
    if let Some(element) = element.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}
