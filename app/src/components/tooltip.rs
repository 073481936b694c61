//! A short explanation on hover and focus.

use leptos::{prelude::*, text_prop::TextProp};

/// Shows `text` above its children while they are hovered or have the focus. The text is also
/// their description for assistive technology, so it must add to the label, not repeat it.
#[component]
pub fn Tooltip(
    id: &'static str,
    #[prop(into)] text: TextProp,
    children: Children,
) -> impl IntoView {
    view! {
        <span class="tooltip" aria-describedby=id>
            {children()}
            <span class="tooltip__text" role="tooltip" id=id>
                {move || text.get()}
            </span>
        </span>
    }
}
