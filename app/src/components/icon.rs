//! Inlined outline icons.

use super::icon_name::IconName;
use leptos::prelude::*;

/// An outline icon, hidden from assistive technology: put a label beside it.
#[component]
pub fn Icon(
    name: IconName,
    /// Edge in pixels: 16 or 20.
    #[prop(default = 16)]
    size: u8,
) -> impl IntoView {
    view! {
        <svg
            class="icon"
            width=size
            height=size
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="1.75"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            focusable="false"
        >
            <path d=name.path()></path>
        </svg>
    }
}
