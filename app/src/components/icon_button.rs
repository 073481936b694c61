//! Buttons with an icon only.

use super::{Icon, IconName};
use leptos::{prelude::*, text_prop::TextProp};

/// A square button with an icon; `label` is its accessible name and its tooltip.
#[component]
pub fn IconButton(
    icon: IconName,
    #[prop(into)] label: TextProp,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// `Some` makes it a toggle whose state is announced.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
    #[prop(optional)] submit: bool,
) -> impl IntoView {
    let title = label.clone();
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class="icon-button"
            disabled=disabled
            aria-label=move || label.get()
            aria-pressed=move || pressed.map(|p| if p.get() { "true" } else { "false" })
            title=move || title.get()
        >
            <Icon name=icon size=20 />
        </button>
    }
}
